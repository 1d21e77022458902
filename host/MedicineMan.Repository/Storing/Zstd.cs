using ZstdSharp;
using ZstdSharp.Unsafe;

namespace MedicineMan.Repository.Storing;

/// <summary>Compresses and decompresses whole blobs, with the system's zstd where there is one, else with the managed one. One thread at a time.</summary>
/// <remarks>
/// The managed one compiles while it runs and is slower after that: in turns on the same machine, a first backup of 1 GiB took 8.0 s of processor
/// time with it and 6.8 s with the system's, and no less memory.
/// </remarks>
internal sealed class Zstd : IDisposable
{
    private readonly SystemZstd? system;
    private readonly Compressor? compressor;
    private readonly Decompressor? decompressor;
    private ZstdTables tables;

    public Zstd(bool managed = false)
    {
        if (LibZstd.IsThere && !managed)
        {
            system = new SystemZstd();
            return;
        }

        compressor = new Compressor(1);
        decompressor = new Decompressor();
    }

    /// <summary>What the destination of a compression must hold.</summary>
    public static int Bound(int length) => Compressor.GetCompressBound(length);

    /// <returns>The plain length that a frame states; -1 when it states none, or there is nobody quick to ask.</returns>
    public static long PlainLength(ReadOnlySpan<byte> source) => LibZstd.IsThere ? SystemZstd.PlainLength(source) : -1;

    public int Compress(ReadOnlySpan<byte> source, Span<byte> destination, int level)
    {
        if (system is not null)
        {
            return system.Compress(source, destination, level) is >= 0 and var length
                ? length
                : throw new InvalidOperationException("The system's zstd failed to compress a block.");
        }

        var wanted = ZstdTables.For(level, source.Length);
        if (tables != wanted)
        {
            tables = wanted;
            foreach (var (parameter, value) in wanted.Parameters)
            {
                compressor!.SetParameter((ZSTD_cParameter)parameter, value);
            }
        }

        return compressor!.Wrap(source, destination);
    }

    /// <returns>The plain length, or -1 when the source is damaged or the destination too small.</returns>
    public int Decompress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (system is not null)
        {
            return system.Decompress(source, destination);
        }

        try
        {
            return decompressor!.Unwrap(source, destination);
        }
        catch (ZstdException)
        {
            return -1;
        }
    }

    public void Dispose()
    {
        system?.Dispose();
        compressor?.Dispose();
        decompressor?.Dispose();
    }
}
