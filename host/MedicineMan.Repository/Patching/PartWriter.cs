using System.Security.Cryptography;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Writing;
using StreamContent = MedicineMan.Repository.Writing.StreamContent;

namespace MedicineMan.Repository.Patching;

/// <summary>Stores one part after the other: as blocks where most are known or nothing earlier resembles it, else as a patch when that is measured to pay.</summary>
internal sealed class PartWriter(EarlierStream earlier, PatchLane lane, StreamFeeder feeder, BlobPipeline pipeline)
{
    // With fewer unknown blocks, storing those is faster and costs about as little.
    private const double MostlyUnknown = 1.0 / 3;

    // A patch above this is growing old: the part is stored whole and is the base of later ones.
    private const double LargestGain = 0.3;

    private readonly PartBasis bases = new(earlier, lane.Basis);

    public async Task<WrittenPart> Write(Part part, CancellationToken cancel)
    {
        try
        {
            var ids = new ObjectId[part.Blocks.Count];
            Parallel.For(0, ids.Length, i => ids[i] = ObjectId.Of(part.Bytes.Span.Slice(part.Blocks[i].Offset, part.Blocks[i].Length)));
            var known = Array.ConvertAll(ids, id => earlier.Blobs.Index.TryFind(BlobKind.Data, id, out _));
            var unknown = part.Blocks.Where((_, i) => !known[i]).Sum(block => (long)block.Length);
            if (unknown <= part.Length * MostlyUnknown)
            {
                var last = Array.LastIndexOf(known, true);
                bases.Skip(part, last < 0 ? null : ids[last]);
                return await Whole(part, ids, known, cancel);
            }

            return await Patched(part, unknown, cancel) ?? await Whole(part, ids, known, cancel);
        }
        finally
        {
            part.Slab.Release();
        }
    }

    private async Task<WrittenPart> Whole(Part part, ObjectId[] ids, bool[] known, CancellationToken cancel)
    {
        var content = new StreamContent();
        for (var i = 0; i < ids.Length; i++)
        {
            if (known[i])
            {
                content.AddKnown(ids[i]);
            }
            else
            {
                await pipeline.Add(content, part.Slab, part.Blocks[i].Offset, part.Blocks[i].Length, cancel);
            }
        }

        content.Finish();
        return new WrittenPart(part.Length, content);
    }

    private async Task<WrittenPart?> Patched(Part part, long unknown, CancellationToken cancel)
    {
        if (await bases.Load(part, cancel) is not var (from, to, basis))
        {
            return null;
        }

        // What the base weighs tells what such content takes as blocks: no need to compress the part to know.
        var (plain, stored) = earlier.Weigh(from, to);
        var limit = (int)Math.Min(lane.Patch.Length, LargestGain * unknown * stored / plain);
        var hashing = Task.Run(() => SHA256.HashData(part.Bytes.Span), cancel);
        var length = lane.Codec.Compress(basis.Span, part.Bytes.Span, lane.Patch.AsSpan(0, limit));
        var hash = await hashing;
        if (length < 0)
        {
            return null;
        }

        // Back into the same memory: a compressor that errs would otherwise be found only when the part is needed. What comes is the same, or the backup ends here.
        if (lane.Codec.Decompress(basis.Span, lane.Patch.AsSpan(0, length), part.Slab.Buffer) != part.Length || !SHA256.HashData(part.Bytes.Span).AsSpan().SequenceEqual(hash))
        {
            throw new DamagedException("A patch did not read back as it was written: the memory or processor of this machine errs. The backup was given up.");
        }

        var patch = await feeder.FeedUncounted(new MemoryStream(lane.Patch, 0, length), cancel);
        return new WrittenPart(part.Length, patch.Content) { Basis = [.. earlier.Blocks.Skip(from).Take(to - from)], BasisLength = plain, PatchLength = length, Sha256 = hash };
    }
}

/// <summary>A part taken in: its blocks, or those of its patch, may still be under way.</summary>
internal sealed record WrittenPart(long Length, StreamContent Content)
{
    /// <summary>The blocks that it is a patch to; null when it was stored whole.</summary>
    public IReadOnlyList<ObjectId>? Basis { get; init; }

    public long BasisLength { get; init; }

    public long PatchLength { get; init; }

    public byte[] Sha256 { get; init; } = [];
}
