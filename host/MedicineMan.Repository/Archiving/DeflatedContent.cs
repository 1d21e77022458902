using System.Buffers.Binary;
using System.IO.Compression;

namespace MedicineMan.Repository.Archiving;

/// <summary>
/// Compresses one entry of a zip archive. The system's gzip does the same with a header of ten bytes before it, and behind it the very checksum that zip
/// wants, which the framework offers nowhere else.
/// </summary>
internal sealed class DeflatedContent : IDisposable
{
    private const int Header = 10;
    private const int Trailer = 8;

    private readonly Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> sink;
    private readonly MemoryStream compressed = new();
    private readonly GZipStream gzip;
    private int skip = Header;
    private long length;
    private long put;

    public DeflatedContent(Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> sink)
    {
        this.sink = sink;
        gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true);
    }

    public async ValueTask Write(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        gzip.Write(bytes.Span);
        length += bytes.Length;
        await Pass(Trailer, cancel);
    }

    public async Task<ZipContent> Finish(CancellationToken cancel)
    {
        await gzip.DisposeAsync();
        if (length == 0)
        {
            // Of nothing, gzip makes nothing; as deflate this is its end.
            await sink(new byte[] { 3, 0 }, cancel);
            return new ZipContent(0, 2, 0);
        }

        var checksum = BinaryPrimitives.ReadUInt32LittleEndian(compressed.GetBuffer().AsSpan((int)compressed.Length - Trailer));
        await Pass(Trailer, cancel);
        return new ZipContent(checksum, put, length);
    }

    public void Dispose()
    {
        gzip.Dispose();
        compressed.Dispose();
    }

    // Hands on all but the last bytes, which may be the trailer.
    private async ValueTask Pass(int keep, CancellationToken cancel)
    {
        var bytes = compressed.GetBuffer().AsMemory(0, (int)compressed.Length);
        var ready = bytes.Length - keep;
        if (ready <= skip)
        {
            return;
        }

        await sink(bytes[skip..ready], cancel);
        put += ready - skip;
        skip = 0;
        bytes[ready..].CopyTo(bytes);
        compressed.SetLength(keep);
        compressed.Position = keep;
    }
}
