using System.Collections.Concurrent;
using System.Security.Cryptography;
using MedicineMan.Repository.Chunking;
using MedicineMan.Repository.Files;
using Microsoft.Win32.SafeHandles;

namespace MedicineMan.Repository.Writing;

/// <summary>Reads a source to its end, cuts it into blocks and hands them to the pipeline without copying them.</summary>
internal sealed class StreamFeeder(SlabPool slabs, Chunker chunker, BlobPipeline pipeline, BackupCounters counters)
{
    /// <summary>The largest file that is a single block wherever cuts may fall.</summary>
    public static readonly int LargestSmall = ChunkProfile.File.Minimum;

    private readonly ConcurrentBag<byte[]> smallBuffers = [];
    private readonly ConcurrentBag<byte[]> carries = [];

    /// <summary>Takes a whole source in.</summary>
    /// <param name="source">Read to its end, not disposed.</param>
    /// <param name="profile">How finely it is cut.</param>
    /// <param name="hash">Takes every byte in when not null.</param>
    /// <param name="cancel">Ends reading.</param>
    public Task<FedStream> Feed(Stream source, ChunkProfile profile, IncrementalHash? hash, CancellationToken cancel) =>
        Feed(source, profile, null, hash, counters, new StreamContent(), cancel);

    /// <summary>Takes a whole file in that is a single block, which is read, named and stored by the caller's own thread.</summary>
    /// <param name="file">Read to its end, not closed.</param>
    /// <param name="expected">Its length as far as is known.</param>
    /// <param name="level">What is known of its like.</param>
    /// <param name="cancel">Ends reading.</param>
    /// <returns>Null, and nothing was taken in, when it is larger.</returns>
    public async ValueTask<(IReadOnlyList<ObjectId> Content, long Bytes)?> TryFeedSmall(SafeFileHandle file, long expected, LevelChoice level, CancellationToken cancel)
    {
        if (expected > LargestSmall)
        {
            return null;
        }

        // One byte more, to see where it ends.
        var buffer = smallBuffers.TryTake(out var pooled) ? pooled : GC.AllocateUninitializedArray<byte>(LargestSmall + 1);
        try
        {
            cancel.ThrowIfCancellationRequested();
            var length = Posix.ReadAll(file, buffer, (int)expected);
            if (length == buffer.Length)
            {
                return null;
            }

            counters.Read(length);
            return (length == 0 ? [] : [await pipeline.AddHere(buffer.AsMemory(0, length), level, cancel)], length);
        }
        finally
        {
            smallBuffers.Add(buffer);
        }
    }

    /// <summary>Takes a whole file in.</summary>
    /// <param name="file">Read to its end, and closed.</param>
    /// <param name="expected">Its length when it was opened.</param>
    /// <param name="level">What is known of its like.</param>
    /// <param name="cancel">Ends reading.</param>
    public async Task<(IReadOnlyList<ObjectId> Content, long Bytes)> FeedFile(SafeFileHandle file, long expected, LevelChoice level, CancellationToken cancel)
    {
        await using var source = new FileStream(file, FileAccess.Read, bufferSize: 0);
        var fed = await Feed(source, ChunkProfile.File, expected, null, counters, new StreamContent(level), cancel);
        return (await fed.Content.Ids(cancel), fed.Bytes);
    }

    /// <summary>Takes in what belongs to a stream without being content of it.</summary>
    public Task<FedStream> FeedUncounted(MemoryStream source, CancellationToken cancel) =>
        Feed(source, ChunkProfile.Stream, source.Length, null, null, new StreamContent(), cancel);

    private async Task<FedStream> Feed(
        Stream source, ChunkProfile profile, long? expected, IncrementalHash? hash, BackupCounters? counted, StreamContent content, CancellationToken cancel)
    {
        var total = 0L;
        byte[]? carry = null;
        var carried = 0;
        // All but the smallest of one size: a pool of many sizes has the wrong ones at hand, and what it drops stays in memory for a while.
        var size = expected < SlabPool.Smallest ? SlabPool.Smallest : profile.SlabSize;
        for (var ended = false; !ended;)
        {
            var slab = await slabs.Rent(size, cancel);
            try
            {
                carry.AsSpan(0, carried).CopyTo(slab.Buffer);
                (var read, var rest, ended) = await Fill(source, profile, content, slab, carried, hash, counted, cancel);
                total += read;
                size = profile.SlabSize;
                carried = slab.Buffer.Length - rest;
                if (carried > 0)
                {
                    carry ??= carries.TryTake(out var pooled) && pooled.Length >= profile.Maximum ? pooled : GC.AllocateUninitializedArray<byte>(profile.Maximum);
                    slab.Buffer.AsSpan(rest).CopyTo(carry);
                }
            }
            finally
            {
                slab.Release();
            }
        }

        if (carry is not null)
        {
            carries.Add(carry);
        }

        content.Finish();
        return new FedStream(content, total);
    }

    // Returns the bytes read, where in the slab the uncut rest starts (the slab is then full), and whether the source ended.
    private async Task<(long Read, int Uncut, bool Ended)> Fill(
        Stream source, ChunkProfile profile, StreamContent content, Slab slab, int filled, IncrementalHash? hash, BackupCounters? counted, CancellationToken cancel)
    {
        var start = 0;
        var total = 0L;
        while (true)
        {
            if (filled == slab.Buffer.Length)
            {
                // Only what has no cut yet is carried over, and not all that could be part of a largest block.
                while (chunker.FirstCutWithin(slab.Buffer.AsSpan(start, filled - start), profile) is > 0 and var cut)
                {
                    await pipeline.Add(content, slab, start, cut, cancel);
                    start += cut;
                }

                return (total, start, false);
            }

            var read = await source.ReadAsync(slab.Buffer.AsMemory(filled), cancel);
            hash?.AppendData(slab.Buffer, filled, read);
            counted?.Read(read);
            filled += read;
            total += read;
            while (filled - start >= profile.Maximum || (read == 0 && filled > start))
            {
                var length = chunker.FirstCut(slab.Buffer.AsSpan(start, filled - start), profile);
                await pipeline.Add(content, slab, start, length, cancel);
                start += length;
            }

            if (read == 0)
            {
                return (total, slab.Buffer.Length, true);
            }
        }
    }
}

/// <summary>A source taken in: its blocks may still be under way.</summary>
internal readonly record struct FedStream(StreamContent Content, long Bytes);
