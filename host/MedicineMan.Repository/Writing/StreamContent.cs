namespace MedicineMan.Repository.Writing;

/// <summary>The blocks of one stream as they get their names, in whatever order the workers finish.</summary>
internal sealed class StreamContent(LevelChoice? level = null)
{
    private readonly Lock gate = new();
    private readonly List<ObjectId> ids = [];
    private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int pending = 1;
    private long bytesNew;
    private long bytesStored;

    public LevelChoice Level { get; } = level ?? new LevelChoice(isOneAfterTheOther: true);

    public long BytesNew => Interlocked.Read(ref bytesNew);

    public long BytesStored => Interlocked.Read(ref bytesStored);

    /// <summary>Makes room for one more block.</summary>
    public int Reserve()
    {
        Interlocked.Increment(ref pending);
        lock (gate)
        {
            ids.Add(default);
            return ids.Count - 1;
        }
    }

    /// <summary>Adds a block that is stored already.</summary>
    public void AddKnown(ObjectId id)
    {
        lock (gate)
        {
            ids.Add(id);
        }
    }

    public void Set(int ordinal, ObjectId id)
    {
        lock (gate)
        {
            ids[ordinal] = id;
        }
    }

    public void CountNew(long plain, long stored)
    {
        Interlocked.Add(ref bytesNew, plain);
        Interlocked.Add(ref bytesStored, stored);
    }

    /// <summary>One block is done with, or, once, the reading of the stream.</summary>
    public void Finish()
    {
        if (Interlocked.Decrement(ref pending) == 0)
        {
            done.TrySetResult();
        }
    }

    /// <summary>All ids in order, when the last block is done with.</summary>
    public async Task<IReadOnlyList<ObjectId>> Ids(CancellationToken cancel)
    {
        await done.Task.WaitAsync(cancel);
        return ids;
    }
}
