using MedicineMan.Repository.Crypto;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Reading;

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
    private readonly NativeBuffer stored = new();
    private readonly NativeBuffer opened = new();
    private readonly NativeBuffer plain = new();

    // Whoever forgets to give one back costs time, not memory.
    ~BlobCodec() => Free();

    public Sealer Sealer => sealer;

    /// <summary>No buffer has grown beyond what small blobs need.</summary>
    public bool IsSmall => Largest <= MostSmall + Slack;

    /// <summary>One has grown beyond what blocks of files and streams need.</summary>
    public bool IsHuge => Largest > MostLarge + Slack;

    private int Largest => Math.Max(stored.Capacity, Math.Max(opened.Capacity, plain.Capacity));

    /// <summary>Compresses where it pays, seals, and proves that the result reads back as the same bytes.</summary>
    /// <returns>The stored form, valid until the next call, and the plain length when compressed, else 0.</returns>
    public (ReadOnlyMemory<byte> Stored, uint UncompressedLength) Encode(ReadOnlySpan<byte> blob, int atLevel)
    {
        var room = Room(stored, Zstd.Bound(blob.Length) + Sealer.Overhead);
        var length = blob.Length == 0 ? int.MaxValue : zstd.Compress(blob, room.Span[Sealer.IvSize..], atLevel);
        var compressed = length < blob.Length - (long)blob.Length * MinimumGainPercent / 100;
        if (!compressed)
        {
            blob.CopyTo(room.Span[Sealer.IvSize..]);
            length = blob.Length;
        }

        var result = room[..(length + Sealer.Overhead)];
        sealer.Seal(result.Span.Slice(Sealer.IvSize, length), result.Span);
        // A compressor or memory that errs is found now, while the data is still at hand, and not when it is needed.
        if (!TryDecode(result.Span, compressed ? (uint)blob.Length : 0, out var back) || !back.Span.SequenceEqual(blob))
        {
            throw new DamagedException("A block did not read back as it was written: the memory or processor of this machine errs. The backup was given up.");
        }

        return (result, compressed ? (uint)blob.Length : 0);
    }

    /// <summary>Seals under this key what the other codec has just decoded, compressed as it was, and proves that the result reads back as the same blob.</summary>
    /// <returns>The stored form, valid until the next call.</returns>
    public ReadOnlyMemory<byte> Reseal(BlobCodec decoded, in BlobEntry blob)
    {
        var result = Room(stored, (int)blob.Length);
        sealer.Seal(decoded.opened.GetSpan()[..(result.Length - Sealer.Overhead)], result.Span);
        return TryDecode(result.Span, blob.UncompressedLength, out var back) && ObjectId.Of(back.Span) == blob.Id
            ? result
            : throw new DamagedException("A block did not read back as it was written: the memory or processor of this machine errs. The copy was given up.");
    }

    /// <summary>Stored length at a level, for choosing one.</summary>
    public int CompressedLength(ReadOnlySpan<byte> blob, int atLevel) => zstd.Compress(blob, Room(stored, Zstd.Bound(blob.Length)).Span, atLevel);

    /// <summary>Opens and decompresses.</summary>
    /// <returns>False when the bytes are not those that were stored; true with the plain bytes, valid until the next call.</returns>
    public bool TryDecode(ReadOnlySpan<byte> storedBlob, uint uncompressedLength, out ReadOnlyMemory<byte> blob)
    {
        blob = default;
        if (storedBlob.Length < Sealer.Overhead)
        {
            return false;
        }

        var open = Room(opened, storedBlob.Length - Sealer.Overhead);
        if (!sealer.TryOpen(storedBlob, open.Span))
        {
            return false;
        }

        if (uncompressedLength == 0)
        {
            blob = open;
            return true;
        }

        var whole = Room(plain, checked((int)uncompressedLength));
        blob = whole;
        return zstd.Decompress(open.Span, whole.Span) == whole.Length;
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

        var open = Room(opened, length).Span;
        return sealer.TryOpen(storedBlob, open) && zstd.Decompress(open, destination) == destination.Length;
    }

    public void Dispose()
    {
        sealer.Dispose();
        zstd.Dispose();
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        ((IDisposable)stored).Dispose();
        ((IDisposable)opened).Dispose();
        ((IDisposable)plain).Dispose();
    }

    // In few steps, each what a blob's largest size there compresses into: growing little by little took far longer.
    private static Memory<byte> Room(NativeBuffer buffer, int length) => length <= buffer.Capacity
        ? buffer.Memory[..length]
        : buffer.Take(Math.Max(length, length switch
        {
            <= 64 << 10 => 64 << 10,
            <= MostSmall + Slack => MostSmall + Slack,
            <= MostLarge + Slack => MostLarge + Slack,
            _ => length + length / 4,
        }))[..length];
}
