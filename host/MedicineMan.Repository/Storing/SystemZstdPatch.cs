using System.Runtime.InteropServices;

namespace MedicineMan.Repository.Storing;

/// <summary>The system's libzstd compressing against a base, as <c>zstd --patch-from</c> does. One thread at a time.</summary>
internal sealed unsafe partial class SystemZstdPatch : IDisposable
{
    private const string Library = "libzstd.so.1";

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

    private static int Length(nuint result) => ZSTD_isError(result) == 0 ? (int)result : -1;

    [LibraryImport(Library)]
    private static partial nint ZSTD_createCCtx();

    [LibraryImport(Library)]
    private static partial nint ZSTD_createDCtx();

    [LibraryImport(Library)]
    private static partial nuint ZSTD_freeCCtx(nint context);

    [LibraryImport(Library)]
    private static partial nuint ZSTD_freeDCtx(nint context);

    [LibraryImport(Library)]
    private static partial uint ZSTD_isError(nuint result);

    [LibraryImport(Library)]
    private static partial nuint ZSTD_CCtx_setParameter(nint context, int parameter, int value);

    [LibraryImport(Library)]
    private static partial nuint ZSTD_CCtx_reset(nint context, int what);

    [LibraryImport(Library)]
    private static partial nuint ZSTD_CCtx_refPrefix(nint context, byte* prefix, nuint length);

    [LibraryImport(Library)]
    private static partial nuint ZSTD_compress2(nint context, byte* to, nuint capacity, byte* from, nuint length);

    [LibraryImport(Library)]
    private static partial nuint ZSTD_DCtx_refPrefix(nint context, byte* prefix, nuint length);

    [LibraryImport(Library)]
    private static partial nuint ZSTD_decompressDCtx(nint context, byte* to, nuint capacity, byte* from, nuint length);
}
