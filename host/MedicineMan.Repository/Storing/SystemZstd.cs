using System.Runtime.InteropServices;

namespace MedicineMan.Repository.Storing;

/// <summary>
/// The system's own libzstd, which nearly every Linux has since its package tools need it. Only functions of the stable interface.
/// </summary>
internal sealed unsafe partial class SystemZstd : IDisposable
{
    private const string Library = "libzstd.so.1";

    // From here on a context keeps its tables between calls and sizes them by the input.
    private const uint OldestKnownGood = 10400;

    private readonly nint compression = ZSTD_createCCtx();
    private readonly nint decompression = ZSTD_createDCtx();

    /// <summary>Whether this machine has one that is new enough.</summary>
    public static bool IsThere { get; } = OperatingSystem.IsLinux() && NativeLibrary.TryLoad(Library, out _) && ZSTD_versionNumber() >= OldestKnownGood;

    /// <returns>The compressed length, or -1 when the destination is too small.</returns>
    public int Compress(ReadOnlySpan<byte> source, Span<byte> destination, int level)
    {
        fixed (byte* from = source, to = destination)
        {
            return Length(ZSTD_compressCCtx(compression, to, (nuint)destination.Length, from, (nuint)source.Length, level));
        }
    }

    /// <returns>The plain length, or -1 when the source is not what a compressor wrote or the destination is too small.</returns>
    public int Decompress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        fixed (byte* from = source, to = destination)
        {
            return Length(ZSTD_decompressDCtx(decompression, to, (nuint)destination.Length, from, (nuint)source.Length));
        }
    }

    /// <returns>The plain length that a frame states, or -1 when it states none that fits.</returns>
    public static long PlainLength(ReadOnlySpan<byte> source)
    {
        fixed (byte* from = source)
        {
            return (long)Math.Min(ZSTD_getFrameContentSize(from, (nuint)source.Length), long.MaxValue) is < long.MaxValue and var length ? length : -1;
        }
    }

    public void Dispose()
    {
        _ = ZSTD_freeCCtx(compression);
        _ = ZSTD_freeDCtx(decompression);
    }

    private static int Length(nuint result) => ZSTD_isError(result) == 0 ? (int)result : -1;

    [LibraryImport(Library)]
    private static partial ulong ZSTD_getFrameContentSize(byte* from, nuint length);

    [LibraryImport(Library)]
    private static partial uint ZSTD_versionNumber();

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
    private static partial nuint ZSTD_compressCCtx(nint context, byte* to, nuint capacity, byte* from, nuint length, int level);

    [LibraryImport(Library)]
    private static partial nuint ZSTD_decompressDCtx(nint context, byte* to, nuint capacity, byte* from, nuint length);
}
