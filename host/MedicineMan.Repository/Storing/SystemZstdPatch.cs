using static MedicineMan.Repository.Storing.LibZstd;

namespace MedicineMan.Repository.Storing;

/// <summary>The system's libzstd compressing against a base, as <c>zstd --patch-from</c> does. One thread at a time.</summary>
internal sealed unsafe class SystemZstdPatch : IDisposable
{
    private const int SessionOnly = 1;

    private readonly nint compression = ZSTD_createCCtx();
    private readonly nint decompression = ZSTD_createDCtx();

    public SystemZstdPatch(IReadOnlyList<(int Parameter, int Value)> parameters)
    {
        foreach (var (parameter, value) in parameters)
        {
            _ = ZSTD_CCtx_setParameter(compression, parameter, value);
        }
    }

    /// <returns>The length, or -1 when the destination is too small.</returns>
    public int Compress(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        fixed (byte* before = prefix, from = source, to = destination)
        {
            // A frame that did not fit is still open, and would take no prefix.
            _ = ZSTD_CCtx_reset(compression, SessionOnly);
            _ = ZSTD_CCtx_refPrefix(compression, before, (nuint)prefix.Length);
            return Length(ZSTD_compress2(compression, to, (nuint)destination.Length, from, (nuint)source.Length));
        }
    }

    /// <returns>The plain length, or -1 when this is no patch to this base or the destination is too small.</returns>
    public int Decompress(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        fixed (byte* before = prefix, from = source, to = destination)
        {
            _ = ZSTD_DCtx_refPrefix(decompression, before, (nuint)prefix.Length);
            return Length(ZSTD_decompressDCtx(decompression, to, (nuint)destination.Length, from, (nuint)source.Length));
        }
    }

    public void Dispose()
    {
        _ = ZSTD_freeCCtx(compression);
        _ = ZSTD_freeDCtx(decompression);
    }
}
