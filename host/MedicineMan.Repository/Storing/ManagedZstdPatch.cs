using ZstdSharp.Unsafe;

namespace MedicineMan.Repository.Storing;

/// <summary>The managed zstd compressing against a base, for machines without the system's. One thread at a time.</summary>
internal sealed unsafe class ManagedZstdPatch : IDisposable
{
    private readonly ZSTD_CCtx_s* compression = Methods.ZSTD_createCCtx();
    private readonly ZSTD_DCtx_s* decompression = Methods.ZSTD_createDCtx();

    public ManagedZstdPatch(IReadOnlyList<(int Parameter, int Value)> parameters)
    {
        foreach (var (parameter, value) in parameters)
        {
            _ = Methods.ZSTD_CCtx_setParameter(compression, (ZSTD_cParameter)parameter, value);
        }
    }

    /// <returns>The length, or -1 when the destination is too small.</returns>
    public int Compress(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        fixed (byte* before = prefix, from = source, to = destination)
        {
            // A frame that did not fit is still open, and would take no prefix.
            _ = Methods.ZSTD_CCtx_reset(compression, ZSTD_ResetDirective.ZSTD_reset_session_only);
            _ = Methods.ZSTD_CCtx_refPrefix(compression, before, (nuint)prefix.Length);
            return Length(Methods.ZSTD_compress2(compression, to, (nuint)destination.Length, from, (nuint)source.Length));
        }
    }

    /// <returns>The plain length, or -1 when this is no patch to this base or the destination is too small.</returns>
    public int Decompress(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        fixed (byte* before = prefix, from = source, to = destination)
        {
            _ = Methods.ZSTD_DCtx_refPrefix(decompression, before, (nuint)prefix.Length);
            return Length(Methods.ZSTD_decompressDCtx(decompression, to, (nuint)destination.Length, from, (nuint)source.Length));
        }
    }

    public void Dispose()
    {
        _ = Methods.ZSTD_freeCCtx(compression);
        _ = Methods.ZSTD_freeDCtx(decompression);
    }

    private static int Length(nuint result) => Methods.ZSTD_isError(result) ? -1 : (int)result;
}
