using MedicineMan.Repository.Crypto;

namespace MedicineMan.Repository.Storing;

/// <summary>Turns plain blobs into stored ones and back: compress, seal, verify. One thread at a time; buffers grow to the largest blob and stay.</summary>
internal sealed class BlobCodec(MasterKey key) : IDisposable
{
    // Below this gain the reader's decompression is not worth it.
    private const int MinimumGainPercent = 3;

    // What zstd may add to two megabytes that it can't compress, and the seal.
    private const int Slack = 16 << 10;

    /// <summary>A small blob has at most so many bytes.</summary>
    public const int MostSmall = 512 << 10;

    private const int MostLarge = 2 << 20;

    private readonly Sealer sealer = new(key);
    private readonly Zstd zstd = new();
    private byte[] stored = [];
    private byte[] opened = [];
    private byte[] plain = [];

    public Sealer Sealer => sealer;

    /// <summary>No buffer has grown beyond what small blobs need.</summary>
    public bool IsSmall => Largest <= MostSmall + Slack;

    /// <summary>One has grown beyond what blocks of files and streams need.</summary>
    public bool IsHuge => Largest > MostLarge + Slack;

    private int Largest => Math.Max(stored.Length, Math.Max(opened.Length, plain.Length));

    /// <summary>Compresses where it pays, seals, and proves that the result reads back as the same bytes.</summary>
    /// <returns>The stored form, valid until the next call, and the plain length when compressed, else 0.</returns>
    public (ReadOnlyMemory<byte> Stored, uint UncompressedLength) Encode(ReadOnlySpan<byte> blob, int atLevel)
    {
        Grow(ref stored, Zstd.Bound(blob.Length) + Sealer.Overhead);
        var length = blob.Length == 0 ? int.MaxValue : zstd.Compress(blob, stored.AsSpan(Sealer.IvSize), atLevel);
        var compressed = length < blob.Length - (long)blob.Length * MinimumGainPercent / 100;
        if (!compressed)
        {
            blob.CopyTo(stored.AsSpan(Sealer.IvSize));
            length = blob.Length;
        }

        var result = stored.AsMemory(0, length + Sealer.Overhead);
        sealer.Seal(stored.AsSpan(Sealer.IvSize, length), result.Span);
        // A compressor or memory that errs is found now, while the data is still at hand, and not when it is needed.
        if (!TryDecode(result.Span, compressed ? (uint)blob.Length : 0, out var back) || !back.Span.SequenceEqual(blob))
        {
            throw new DamagedException("A block did not read back as it was written: the memory or processor of this machine errs. The backup was given up.");
        }

        return (result, compressed ? (uint)blob.Length : 0);
    }

    /// <summary>Stored length at a level, for choosing one.</summary>
    public int CompressedLength(ReadOnlySpan<byte> blob, int atLevel)
    {
        Grow(ref stored, Zstd.Bound(blob.Length));
        return zstd.Compress(blob, stored, atLevel);
    }

    /// <summary>Opens and decompresses.</summary>
    /// <returns>False when the bytes are not those that were stored; true with the plain bytes, valid until the next call.</returns>
    public bool TryDecode(ReadOnlySpan<byte> storedBlob, uint uncompressedLength, out ReadOnlyMemory<byte> blob)
    {
        blob = default;
        if (storedBlob.Length < Sealer.Overhead)
        {
            return false;
        }

        var length = storedBlob.Length - Sealer.Overhead;
        Grow(ref opened, length);
        if (!sealer.TryOpen(storedBlob, opened))
        {
            return false;
        }

        if (uncompressedLength == 0)
        {
            blob = opened.AsMemory(0, length);
            return true;
        }

        Grow(ref plain, checked((int)uncompressedLength));
        blob = plain.AsMemory(0, (int)uncompressedLength);
        return zstd.Decompress(opened.AsSpan(0, length), plain.AsSpan(0, (int)uncompressedLength)) == blob.Length;
    }

    /// <summary>As <see cref="TryDecode(ReadOnlySpan{byte}, uint, out ReadOnlyMemory{byte})"/>, straight to where the bytes are wanted, which is exactly as long as they are.</summary>
    /// <returns>False when the bytes are not those that were stored; then anything may have been written.</returns>
    public bool TryDecode(ReadOnlySpan<byte> storedBlob, uint uncompressedLength, Span<byte> destination)
    {
        var length = storedBlob.Length - Sealer.Overhead;
        if (length < 0 || (uncompressedLength == 0 ? length : uncompressedLength) != destination.Length)
        {
            return false;
        }

        if (uncompressedLength == 0)
        {
            return sealer.TryOpen(storedBlob, destination);
        }

        Grow(ref opened, length);
        return sealer.TryOpen(storedBlob, opened) && zstd.Decompress(opened.AsSpan(0, length), destination) == destination.Length;
    }

    public void Dispose()
    {
        sealer.Dispose();
        zstd.Dispose();
    }

    private static void Grow(ref byte[] buffer, int length)
    {
        if (buffer.Length < length)
        {
            // In few steps, each what a blob's largest size there compresses into: growing little by little left several times as much behind.
            buffer = GC.AllocateUninitializedArray<byte>(Math.Max(length, length switch
            {
                <= 64 << 10 => 64 << 10,
                <= MostSmall + Slack => MostSmall + Slack,
                <= MostLarge + Slack => MostLarge + Slack,
                _ => length + length / 4,
            }));
        }
    }
}
