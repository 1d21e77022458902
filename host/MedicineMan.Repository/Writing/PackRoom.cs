namespace MedicineMan.Repository.Writing;

/// <summary>
/// Bounds what packs hold in memory, whatever state they are in. With nothing on its way to the storage there is always room: otherwise nothing would
/// ever move.
/// </summary>
internal sealed class PackRoom(long most)
{
    private readonly Lock gate = new();
    private TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long held;
    private int leaving;

    /// <summary>Waits until a pack may grow by so many bytes.</summary>
    public async ValueTask Take(int bytes, CancellationToken cancel)
    {
        while (true)
        {
            Task next;
            lock (gate)
            {
                if (leaving == 0 || held + bytes <= most)
                {
                    held += bytes;
                    return;
                }

                next = gone.Task;
            }

            await next.WaitAsync(cancel);
        }
    }

    /// <summary>A pack is full and sure to go.</summary>
    public void Leaving()
    {
        lock (gate)
        {
            leaving++;
        }
    }

    /// <summary>It is stored.</summary>
    public void Give(long bytes)
    {
        TaskCompletionSource waiters;
        lock (gate)
        {
            leaving--;
            held -= bytes;
            (waiters, gone) = (gone, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        waiters.TrySetResult();
    }
}
