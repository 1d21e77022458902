using System.Collections.Concurrent;

namespace MedicineMan.Jobs.Work;

/// What a worker has in hand: the runs under way, and behind them those in reserve, which start as soon as a place is free.
internal sealed class Crew(int places, Pace pace, Func<Execution, Task> run, Action wants, TimeProvider time)
{
    private const int MostUnwritten = 2500;

    private readonly ConcurrentDictionary<RunKey, Execution> all = new();
    private readonly ConcurrentDictionary<RunKey, Execution> coming = new();
    private readonly ConcurrentQueue<Execution> reserve = new();
    private int busy;

    /// Everything it holds a lease for, also what has ended and is being written.
    public ICollection<Execution> All => all.Values;

    public bool IsEmpty => all.IsEmpty;

    /// Those a place is kept for, though nobody knows yet whether there is a lease.
    public ICollection<Execution> Coming => coming.Values;

    /// Whether too much has ended that is not yet written to take on more.
    public bool IsFull => all.Count > places + MostUnwritten;

    public int Busy => Volatile.Read(ref busy);

    public int Reserved => reserve.Count;

    public int Free => Math.Max(0, places - Busy);

    /// How many more it should hold ready; asked again only when half of them are used up, so that each asking is worth its while.
    public int Lacks => places == 0 || reserve.Count > pace.Reserve / 2 ? 0 : pace.Reserve - reserve.Count;

    public void Add(Execution execution)
    {
        all[execution.Job.Key] = execution;
        reserve.Enqueue(execution);
    }

    /// Keeps a place for one that will arrive, or be withdrawn; false without a free one.
    public bool Expect(Execution execution)
    {
        if (Interlocked.Increment(ref busy) > places || IsFull)
        {
            Interlocked.Decrement(ref busy);
            return false;
        }

        coming[execution.Job.Key] = execution;
        return true;
    }

    public void Arrive(Execution execution)
    {
        all[execution.Job.Key] = execution;
        coming.TryRemove(execution.Job.Key, out _);
        _ = Task.Run(() => Work(execution), CancellationToken.None);
    }

    public void Withdraw(Execution execution)
    {
        coming.TryRemove(execution.Job.Key, out _);
        execution.Conclude();
        Interlocked.Decrement(ref busy);
        wants();
    }

    /// Its outcome is written, or nobody's to say any more.
    public void Conclude(Execution execution)
    {
        var full = IsFull;
        all.TryRemove(execution.Job.Key, out _);
        execution.Conclude();
        if (full)
        {
            wants();
        }
    }

    /// Starts what is in reserve while there are free places.
    public void Start()
    {
        while (Interlocked.Increment(ref busy) <= places && reserve.TryDequeue(out var execution))
        {
            _ = Task.Run(() => Work(execution), CancellationToken.None);
        }

        Interlocked.Decrement(ref busy);
    }

    /// Takes back what has waited too long for a place: whoever holds the places is slower than what came before him.
    public IReadOnlyList<Execution> TakeIdle(TimeSpan patience)
    {
        var idle = new List<Execution>();
        while (reserve.TryPeek(out var first) && time.GetUtcNow() - first.ClaimedAt >= patience && reserve.TryDequeue(out var execution))
        {
            idle.Add(execution);
        }

        return idle;
    }

    private async Task Work(Execution first)
    {
        for (var execution = first; execution is not null; reserve.TryDequeue(out execution))
        {
            var begun = time.GetTimestamp();
            await run(execution);
            pace.Ended(time.GetElapsedTime(begun));
            if (Lacks > 0)
            {
                wants();
            }
        }

        Interlocked.Decrement(ref busy);
        wants();
    }
}
