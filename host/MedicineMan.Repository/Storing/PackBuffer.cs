using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using MedicineMan.Repository.Indexing;

namespace MedicineMan.Repository.Storing;

/// <summary>A pack in the making: stored blobs in pooled segments, so that sixteen megabytes are neither moved while growing nor left to the collector.</summary>
internal sealed class PackBuffer(BlobKind kind)
{
    private const int SegmentSize = 1 << 20;

    // Bounded by the number of packs that can be open or under way at once.
    private static readonly ConcurrentBag<byte[]> Segments = [];

    private readonly List<byte[]> segments = [];
    private readonly List<BlobEntry> blobs = [];

    public BlobKind Kind => kind;

    public uint Length { get; private set; }

    public IReadOnlyList<BlobEntry> Blobs => blobs;

    public void Add(ObjectId id, ReadOnlySpan<byte> stored, uint uncompressedLength)
    {
        blobs.Add(new BlobEntry(id, kind, 0, Length, (uint)stored.Length, uncompressedLength));
        Append(stored);
    }

    /// <summary>Takes over another pack's blobs. Each blob is sealed on its own, so it may lie anywhere.</summary>
    public void Absorb(PackBuffer other)
    {
        var start = Length;
        foreach (var part in other.Content())
        {
            Append(part.Span);
        }

        blobs.AddRange(other.blobs.Select(blob => blob with { Offset = start + blob.Offset }));
        other.Release();
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var used = (int)(Length % SegmentSize);
            if (used == 0)
            {
                segments.Add(Segments.TryTake(out var pooled) ? pooled : GC.AllocateUninitializedArray<byte>(SegmentSize));
            }

            var take = Math.Min(bytes.Length, SegmentSize - used);
            bytes[..take].CopyTo(segments[^1].AsSpan(used));
            Length += (uint)take;
            bytes = bytes[take..];
        }
    }

    public ObjectId Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in Content())
        {
            hash.AppendData(part.Span);
        }

        return new ObjectId(hash.GetHashAndReset());
    }

    public ReadOnlySequence<byte> Content()
    {
        Part? first = null, last = null;
        for (var i = 0; i < segments.Count; i++)
        {
            var used = i == segments.Count - 1 ? (int)(Length - (uint)i * SegmentSize) : SegmentSize;
            last = new Part(segments[i].AsMemory(0, used), last);
            first ??= last;
        }

        return first is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(first, 0, last!, last!.Memory.Length);
    }

    public void Release()
    {
        foreach (var segment in segments)
        {
            Segments.Add(segment);
        }

        segments.Clear();
        Length = 0;
    }

    private sealed class Part : ReadOnlySequenceSegment<byte>
    {
        public Part(ReadOnlyMemory<byte> memory, Part? previous)
        {
            Memory = memory;
            RunningIndex = previous is null ? 0 : previous.RunningIndex + previous.Memory.Length;
            previous?.Next = this;
        }
    }
}
