using System.Runtime.InteropServices;
using MedicineMan.Repository.Reading;

namespace MedicineMan.Repository.Patching;

/// <summary>Finds which blocks of the earlier stream a part should be a patch to, and reads them. One for each stream, one part at a time.</summary>
internal sealed class PartBasis(EarlierStream earlier, byte[] buffer)
{
    /// <summary>No base that is written is larger, in bytes.</summary>
    public const int Largest = PartCut.Largest + 3 * Slack;

    /// <summary>Nor is any that is read.</summary>
    public const int LargestStored = PartCut.LargestStored + 3 * Slack;

    // Read before and after the place expected: what drift within one part is caught without looking further.
    private const int Slack = 4 << 20;

    // Anchors kept of a stream, however long: 64 MiB of rows have about a thousand.
    private const int MostAnchors = 1 << 18;
    private const int Votes = 9;

    // Where each was read last. One that stands in several places counts only where it is expected: rows can end alike, table-wide.
    private readonly Dictionary<ulong, (long End, bool IsRepeated)> anchors = [];
    private bool scanned;
    private long expected;

    /// <summary>Moves on past a part that was stored without a base.</summary>
    public void Skip(Part part, ObjectId? lastKnown)
    {
        var block = lastKnown is { } id ? IndexOf(id, earlier.BlockAt(expected)) : -1;
        expected = block >= 0 ? earlier.StartOf(block + 1) : expected + part.Length;
    }

    /// <summary>The blocks from and to which the base goes, and its bytes; null when nothing earlier resembles the part, or what does is damaged.</summary>
    public async Task<(int From, int To, ReadOnlyMemory<byte> Bytes)?> Load(Part part, CancellationToken cancel)
    {
        try
        {
            return await Find(part, cancel);
        }
        catch (DamagedException)
        {
            // A check names it; what is backed up now must not build on it.
            expected += part.Length;
            return null;
        }
    }

    private async Task<(int From, int To, ReadOnlyMemory<byte> Bytes)?> Find(Part part, CancellationToken cancel)
    {
        var start = Place(part, first: true) ?? expected;
        if (scanned && Place(part, first: true) is null)
        {
            return null;
        }

        var (from, to, length) = await Read(start - Slack, start + part.Length + Slack, cancel);
        if (Place(part, first: true) is null && !scanned)
        {
            // Something large was inserted or removed before. Looking through all of it costs a reading, once for a stream.
            await Scan(cancel);
            if (Place(part, first: true) is { } found)
            {
                (from, to, length) = await Read(found - Slack, found + part.Length + Slack, cancel);
            }
        }

        if (Place(part, first: true) is not { } begin || Place(part, first: false) is not { } end)
        {
            expected += part.Length;
            return null;
        }

        expected = end;
        // No longer than needed, so that the bases of all parts together are the earlier stream and not more.
        var first = Math.Clamp(earlier.BlockAt(begin), from, to);
        var last = Math.Clamp(earlier.BlockAt(end - 1) + 1, first, to);
        var offset = (int)(earlier.StartOf(first) - earlier.StartOf(from));
        return first == last ? null : (first, last, buffer.AsMemory(offset, (int)Math.Min(length - offset, earlier.StartOf(last) - earlier.StartOf(first))));
    }

    // Where the part's start or end lies in the earlier stream, as most of the anchors nearest to it say.
    private long? Place(Part part, bool first)
    {
        var found = new List<long>(Votes);
        for (var i = 0; i < part.Blocks.Count && found.Count < Votes; i++)
        {
            var block = part.Blocks[first ? i : part.Blocks.Count - 1 - i];
            var end = block.Offset + block.Length;
            if (anchors.TryGetValue(block.Anchor, out var at) && (!at.IsRepeated || Math.Abs(at.End - end - expected) <= Slack))
            {
                found.Add(first ? at.End - end : at.End + part.Length - end);
            }
        }

        if (found.Count == 0)
        {
            return null;
        }

        found.Sort();
        return Math.Clamp(found[found.Count / 2], 0, earlier.Length);
    }

    private async Task<(int From, int To, int Length)> Read(long begin, long end, CancellationToken cancel)
    {
        var from = earlier.BlockAt(begin);
        var to = Math.Min(earlier.Blocks.Count, earlier.BlockAt(end) + 1);
        while (earlier.StartOf(to) - earlier.StartOf(from) > buffer.Length)
        {
            to--;
        }

        var length = 0;
        await new FileBlocks(earlier.Blobs, [.. earlier.Blocks.Skip(from).Take(to - from)]).CopyTo(
            (bytes, _) =>
            {
                bytes.CopyTo(buffer.AsMemory(length));
                length += bytes.Length;
                return ValueTask.CompletedTask;
            },
            cancel);
        var first = earlier.StartOf(from);
        for (var block = from; block < to; block++)
        {
            Remember(block, Anchor.Of(buffer.AsSpan(0, (int)(earlier.StartOf(block + 1) - first))));
        }

        return (from, to, length);
    }

    private async Task Scan(CancellationToken cancel)
    {
        scanned = true;
        const int Step = 64;
        for (var from = 0; from < earlier.Blocks.Count; from += Step)
        {
            var to = Math.Min(earlier.Blocks.Count, from + Step);
            await Read(earlier.StartOf(from), earlier.StartOf(to) - 1, cancel);
        }
    }

    private void Remember(int block, ulong anchor)
    {
        if (anchor % (ulong)(1 + earlier.Blocks.Count / MostAnchors) != 0)
        {
            return;
        }

        var end = earlier.StartOf(block + 1);
        ref var at = ref CollectionsMarshal.GetValueRefOrAddDefault(anchors, anchor, out var isKnown);
        at = (end, isKnown && (at.IsRepeated || at.End != end));
    }

    private int IndexOf(ObjectId id, int near)
    {
        for (var distance = 0; distance < earlier.Blocks.Count; distance++)
        {
            if (near + distance < earlier.Blocks.Count && earlier.Blocks[near + distance] == id)
            {
                return near + distance;
            }

            if (near - distance >= 0 && near - distance < earlier.Blocks.Count && earlier.Blocks[near - distance] == id)
            {
                return near - distance;
            }
        }

        return -1;
    }
}
