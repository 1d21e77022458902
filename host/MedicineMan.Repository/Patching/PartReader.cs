using System.Security.Cryptography;
using MedicineMan.Repository.Chunking;
using MedicineMan.Repository.Writing;

namespace MedicineMan.Repository.Patching;

/// <summary>Reads a stream part by part, each whole in memory and already cut into the blocks that an ordinary stream has.</summary>
internal sealed class PartReader(Stream source, SlabPool buffers, Chunker chunker, BackupCounters counters, IncrementalHash? hash)
{
    private const int ReadSize = 1 << 20;

    /// <summary>A part, and what is read beyond it to find where its last block ends.</summary>
    public static readonly int BufferSize = PartCut.Largest + ChunkProfile.Stream.Maximum + ReadSize;

    private byte[] carry = [];
    private bool ended;

    /// <summary>The next part; null at the stream's end. The caller releases its slab.</summary>
    public async Task<Part?> Next(CancellationToken cancel)
    {
        if (ended && carry.Length == 0)
        {
            return null;
        }


        var slab = await buffers.RentExactly(BufferSize, cancel);
        try
        {
            carry.CopyTo(slab.Buffer, 0);
            if (await Fill(slab, carry.Length, cancel) is { } part)
            {
                return part;
            }
        }
        catch
        {
            slab.Release();
            throw;
        }

        slab.Release();
        return null;
    }

    private async Task<Part?> Fill(Slab slab, int filled, CancellationToken cancel)
    {
        var profile = ChunkProfile.Stream;
        var blocks = new List<PartBlock>(PartCut.Largest / profile.Average);
        for (var start = 0; ;)
        {
            while (filled - start >= profile.Maximum || (ended && filled > start))
            {
                var length = chunker.FirstCut(slab.Buffer.AsSpan(start, filled - start), profile);
                start += length;
                blocks.Add(new PartBlock(start - length, length, Anchor.Of(slab.Buffer.AsSpan(0, start))));
                if (PartCut.IsAt(slab.Buffer.AsSpan(0, start), profile.Maximum))
                {
                    carry = slab.Buffer[start..filled];
                    return new Part(slab, start, blocks);
                }
            }

            if (ended)
            {
                carry = [];
                return start == 0 ? null : new Part(slab, start, blocks);
            }

            var read = await source.ReadAsync(slab.Buffer.AsMemory(filled, Math.Min(ReadSize, slab.Buffer.Length - filled)), cancel);
            hash?.AppendData(slab.Buffer, filled, read);
            counters.Read(read);
            filled += read;
            ended = read == 0;
        }
    }
}

/// <summary>A piece of a stream in memory.</summary>
internal sealed record Part(Slab Slab, int Length, IReadOnlyList<PartBlock> Blocks)
{
    public ReadOnlyMemory<byte> Bytes => Slab.Buffer.AsMemory(0, Length);
}

/// <summary>A block of it, and the fingerprint of its end.</summary>
internal readonly record struct PartBlock(int Offset, int Length, ulong Anchor);
