namespace MedicineMan.Repository.Writing;

/// <summary>
/// Bounds what packs hold in memory, whatever state they are in. With nothing on its way to the storage there is always room: otherwise nothing would
/// ever move.
/// </summary>
/// <param name="most">Bytes of blobs.</param>
/// <param name="mostLeaving">Packs on their way to the storage: what each takes besides, for its list and in its last segment, is more than the blobs where those are tiny.</param>
internal sealed class PackRoom(long most, int mostLeaving)
{
    private readonly Lock gate = new();
    private TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long held;
    private int leaving;

    /// <summary>Waits until a pack may grow by so many bytes.</summary>
    public ValueTask Take(int bytes, CancellationToken cancel) => TryTake(bytes, out var next) ? ValueTask.CompletedTask : Wait(bytes, next, cancel);

    private async ValueTask Wait(int bytes, Task next, CancellationToken cancel)
    {
        do
        {
            await next.WaitAsync(cancel);
        }
        while (!TryTake(bytes, out next));
    }

    private bool TryTake(int bytes, out Task next)
    {
        lock (gate)
        {
            next = gone.Task;
            if (leaving > 0 && (leaving >= mostLeaving || held + bytes > most))
            {
                return false;
            }

            held += bytes;
            return true;
        }
    }

    /// <summary>Gives back what was taken and not needed. Nobody is woken for it: a pack that leaves does that, and gives more.</summary>
    public void Spare(int bytes)
    {
        lock (gate)
        {
            held -= bytes;
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
