using System.Numerics;

namespace MedicineMan.Repository.Writing;

/// <summary>
/// The read buffers of a backup. Their sum is bounded, and waiting for one is what slows reading down to the pace of the processors and the
/// storage: memory does not grow with the data.
/// </summary>
internal sealed class SlabPool(long budget)
{
    /// <summary>No slab is smaller, in bytes.</summary>
    public const int Smallest = 64 * 1024;

    private readonly Lock gate = new();
    private readonly Dictionary<int, Stack<byte[]>> free = [];
    private readonly Queue<(int Size, TaskCompletionSource<byte[]> Waiter)> waiting = [];
    private long rented;
    private long cached;

    /// <summary>Waits for a slab of at least this size. The caller holds none while it waits, or readers could starve each other.</summary>
    public ValueTask<Slab> Rent(int size, CancellationToken cancel) =>
        RentExactly((int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(size, Smallest)), cancel);

    /// <summary>As <see cref="Rent"/>, for callers that always want the same size, which need not be rounded up.</summary>
    public async ValueTask<Slab> RentExactly(int size, CancellationToken cancel)
    {
        TaskCompletionSource<byte[]> waiter;
        lock (gate)
        {
            if (waiting.Count == 0 && Fits(size))
            {
                return new Slab(this, Take(size));
            }

            waiter = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.Enqueue((size, waiter));
        }

        await using var registration = cancel.Register(() => waiter.TrySetCanceled(cancel));
        return new Slab(this, await waiter.Task);
    }

    internal void Return(byte[] buffer)
    {
        lock (gate)
        {
            rented -= buffer.Length;
            cached += buffer.Length;
            Free(buffer.Length).Push(buffer);
            while (waiting.TryPeek(out var next) && Fits(next.Size))
            {
                waiting.Dequeue();
                var taken = Take(next.Size);
                if (!next.Waiter.TrySetResult(taken))
                {
                    rented -= taken.Length;
                    cached += taken.Length;
                    Free(taken.Length).Push(taken);
                }
            }
        }
    }

    // One slab is always granted, however large: otherwise nothing would ever move.
    private bool Fits(int size) => rented == 0 || rented + size <= budget;

    private byte[] Take(int size)
    {
        // A larger one that lies idle rather than one more: what is dropped here stays in memory until the collector finds time.
        var found = Free(size).Count > 0 || rented + cached + size <= budget
            ? size
            : free.Where(known => known.Key > size && known.Value.Count > 0).Select(known => known.Key).DefaultIfEmpty(size).Min();
        rented += found;
        if (Free(found).TryPop(out var buffer))
        {
            cached -= found;
            return buffer;
        }

        if (rented + cached > budget)
        {
            free.Clear();
            cached = 0;
        }

        return GC.AllocateUninitializedArray<byte>(size);
    }

    private Stack<byte[]> Free(int size)
    {
        if (!free.TryGetValue(size, out var stack))
        {
            free[size] = stack = new Stack<byte[]>();
        }

        return stack;
    }
}

/// <summary>A read buffer that goes back to its pool when the last block in it is done with.</summary>
internal sealed class Slab(SlabPool pool, byte[] buffer)
{
    private int holders = 1;

    public byte[] Buffer => buffer;

    public void Hold() => Interlocked.Increment(ref holders);

    public void Release()
    {
        if (Interlocked.Decrement(ref holders) == 0)
        {
            pool.Return(buffer);
        }
    }
}
