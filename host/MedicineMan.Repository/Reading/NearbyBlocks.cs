using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;

namespace MedicineMan.Repository.Reading;

/// <summary>
/// The blocks of many small files, which lie side by side in a few packs: those that do are fetched in one read, whichever is asked for first. To a storage far away each read is a way
/// there and back.
/// </summary>
/// <param name="blobs">Reads them.</param>
/// <param name="files">Whose they are.</param>
/// <param name="users">How many share this; each disposes of it once.</param>
internal sealed class NearbyBlocks(BlobReader blobs, IReadOnlyCollection<TreeNode> files, int users) : IDisposable
{
    // A larger block is worth a read of its own.
    private const int LargestBlock = 256 << 10;

    // Where only one of them is wanted after all, the rest was read for nothing.
    private const int LargestRun = 512 << 10;
    private const int LargestGap = 16 << 10;
    private const int MostHeld = 8;

    private readonly Lock gate = new();
    private readonly Queue<Run> held = new();
    private int users = users;
    private Dictionary<ObjectId, (BlobEntry Place, Run Run)>? places;

    /// <summary>Gives a block to the sink, verified. The memory is only lent.</summary>
    /// <returns>False when it is none of these, or not what was written: then it is for whoever reads any block.</returns>
    public async ValueTask<bool> TryCopy(ObjectId id, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> sink, CancellationToken cancel)
    {
        if (!Places().TryGetValue(id, out var block))
        {
            return false;
        }

        var plain = blobs.Buffers.Rent((int)block.Place.PlainLength);
        var loading = Hold(block.Run, cancel);
        try
        {
            var bytes = plain.AsMemory(0, (int)block.Place.PlainLength);
            blobs.Decode(block.Place, (await loading).AsSpan((int)(block.Place.Offset - block.Run.First.Offset), (int)block.Place.Length), bytes.Span);
            await sink(bytes, cancel);
            return true;
        }
        catch (DamagedException)
        {
            return false;
        }
        finally
        {
            Release(block.Run);
            blobs.Buffers.Return(plain);
        }
    }

    /// <summary>One user less. The last one may not be reading any more.</summary>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref users) > 0)
        {
            return;
        }

        while (held.TryDequeue(out var run))
        {
            Free(run);
        }
    }

    private Dictionary<ObjectId, (BlobEntry Place, Run Run)> Places()
    {
        lock (gate)
        {
            return places ??= Find();
        }
    }

    private Dictionary<ObjectId, (BlobEntry Place, Run Run)> Find()
    {
        var found = new List<BlobEntry>(files.Count);
        foreach (var id in files.Select(file => file.Content is [var only] ? only : default(ObjectId?)).OfType<ObjectId>().Distinct())
        {
            if (blobs.Index.TryFind(BlobKind.Data, id, out var place) && place.PlainLength <= LargestBlock)
            {
                found.Add(place);
            }
        }

        found.Sort((left, right) => (left.Pack, left.Offset).CompareTo((right.Pack, right.Offset)));
        var all = new Dictionary<ObjectId, (BlobEntry, Run)>(found.Count);
        Run? run = null;
        foreach (var place in found)
        {
            var end = place.Offset + place.Length;
            if (run is null || run.First.Pack != place.Pack || place.Offset > run.End + LargestGap || end - run.First.Offset > LargestRun)
            {
                run = new Run(place);
            }

            run.End = Math.Max(run.End, end);
            all[place.Id] = (place, run);
        }

        return all;
    }

    private Task<byte[]> Hold(Run run, CancellationToken cancel)
    {
        lock (gate)
        {
            run.Readers++;
            if (run.Loading is { IsFaulted: false, IsCanceled: false })
            {
                return run.Loading;
            }

            if (run.Loading is null)
            {
                held.Enqueue(run);
            }

            run.Loading = Load(run, cancel);
            if (held.Count > MostHeld && held.Dequeue() is var oldest)
            {
                oldest.IsDropped = true;
                FreeIfUnused(oldest);
            }

            return run.Loading;
        }
    }

    private async Task<byte[]> Load(Run run, CancellationToken cancel)
    {
        // Not with the lock held: a storage may do all of its work before it returns.
        await Task.Yield();
        var length = (int)(run.End - run.First.Offset);
        var stored = blobs.Buffers.Rent(length);
        try
        {
            await blobs.Read(run.First, stored.AsMemory(0, length), cancel);
            return stored;
        }
        catch
        {
            blobs.Buffers.Return(stored);
            throw;
        }
    }

    private void Release(Run run)
    {
        lock (gate)
        {
            run.Readers--;
            FreeIfUnused(run);
        }
    }

    private void FreeIfUnused(Run run)
    {
        if (run is { IsDropped: true, Readers: 0 })
        {
            Free(run);
        }
    }

    private void Free(Run run)
    {
        if (run.Loading is { IsCompletedSuccessfully: true })
        {
            blobs.Buffers.Return(run.Loading.Result);
        }

        (run.Loading, run.IsDropped) = (null, false);
    }

    /// <summary>A stretch of a pack.</summary>
    private sealed class Run(BlobEntry first)
    {
        public BlobEntry First => first;

        public uint End { get; set; }

        public int Readers { get; set; }

        public bool IsDropped { get; set; }

        public Task<byte[]>? Loading { get; set; }
    }
}
