namespace MedicineMan.Jobs.Enqueueing;

/// A new job that a worker of this process takes while it is enqueued: it is inserted as running there, and started when that is committed, or withdrawn.
internal sealed record Handover(ClaimedJob Job, DateTimeOffset Until, Action Start, Action Withdraw);

/// The workers of this process, asked one after the other whether they take a new job.
internal sealed class Takers
{
    private readonly Lock gate = new();
    private Func<NewJob, Handover?>[] all = [];

    public void Join(Func<NewJob, Handover?> taker)
    {
        lock (gate)
        {
            all = [.. all, taker];
        }
    }

    public void Leave(Func<NewJob, Handover?> taker)
    {
        lock (gate)
        {
            all = [.. all.Where(other => other != taker)];
        }
    }

    public Handover? Take(NewJob job)
    {
        foreach (var taker in Volatile.Read(ref all))
        {
            if (taker(job) is { } handover)
            {
                return handover;
            }
        }

        return null;
    }
}
