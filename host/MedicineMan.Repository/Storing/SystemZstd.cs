using static MedicineMan.Repository.Storing.LibZstd;

namespace MedicineMan.Repository.Storing;

/// <summary>
/// The system's own libzstd, which nearly every Linux has since its package tools need it.
/// </summary>
internal sealed unsafe class SystemZstd : IDisposable
{
    private readonly nint compression = ZSTD_createCCtx();
    private readonly nint decompression = ZSTD_createDCtx();
    private ZstdTables tables;

    /// <returns>The compressed length, or -1 when the destination is too small.</returns>
    public int Compress(ReadOnlySpan<byte> source, Span<byte> destination, int level)
    {
        var wanted = ZstdTables.For(level, source.Length);
        if (tables != wanted)
        {
            tables = wanted;
            foreach (var (parameter, value) in wanted.Parameters)
            {
                _ = ZSTD_CCtx_setParameter(compression, parameter, value);
            }
        }

        fixed (byte* from = source, to = destination)
        {
            return Length(ZSTD_compress2(compression, to, (nuint)destination.Length, from, (nuint)source.Length));
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
}
