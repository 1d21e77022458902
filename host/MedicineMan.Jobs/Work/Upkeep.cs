using Microsoft.Extensions.Logging;

namespace MedicineMan.Jobs.Work;

/// Looks after leases while a worker lives: renews its own, brings its jobs the word that they are to stop, and takes over those of the dead.
internal sealed class Upkeep
{
    private readonly Leases leases;
    private readonly Crew crew;
    private readonly SemaphoreSlim ownRows;
    private readonly JobWorkerOptions options;
    private readonly TimeProvider time;
    private readonly Loop heartbeat;
    private readonly Loop lookForCancels;
    private readonly Loop reap;
    private string worker = "";
    private DateTimeOffset reapAgain;

    public Upkeep(
        Leases leases, Crew crew, SemaphoreSlim ownRows, JobWorkerOptions options, TimeProvider time, ILogger logger)
    {
        (this.leases, this.crew, this.ownRows, this.options, this.time) = (leases, crew, ownRows, options, time);
        heartbeat = new Loop("heartbeat", options.Heartbeat, time, logger, Renew);
        lookForCancels = new Loop("cancel", options.PollInterval, time, logger, LookForCancels);
        reap = new Loop("reap", options.PollInterval, time, logger, Reap);
    }

    public Task Run(string name, CancellationToken cancel)
    {
        worker = name;
        return Task.WhenAll(heartbeat.Run(cancel), lookForCancels.Run(cancel), reap.Run(cancel));
    }

    /// Has the heartbeat come early, because one of the jobs may have been asked to stop.
    public void Beat() => heartbeat.Ring();

    private async Task Renew(CancellationToken cancel)
    {
        var mine = crew.All.ToList();
        if (mine.Count == 0)
        {
            return;
        }

        IReadOnlyDictionary<RunKey, bool> renewed;
        await ownRows.WaitAsync(cancel);
        try
        {
            renewed = await leases.Renew(mine.Select(execution => execution.Job), time.GetUtcNow() + options.Lease, cancel);
        }
        finally
        {
            ownRows.Release();
        }

        foreach (var execution in mine)
        {
            if (!renewed.TryGetValue(execution.Job.Key, out var cancelled))
            {
                execution.Stop(StopCause.LeaseLost);
            }
            else if (cancelled)
            {
                execution.Stop(StopCause.Cancelled);
            }
        }
    }

    // The safety net when the word that a job is to stop did not get through.
    private async Task LookForCancels(CancellationToken cancel)
    {
        if (!crew.IsEmpty && await leases.AnyFlagged(worker, cancel))
        {
            await Renew(cancel);
        }
    }

    private async Task Reap(CancellationToken cancel)
    {
        if (time.GetUtcNow() < reapAgain)
        {
            return;
        }

        try
        {
            if (await leases.AnyExpired(time.GetUtcNow(), cancel))
            {
                // This process may itself have been away, asleep or without a database: what it still runs is renewed before anything is taken.
                await Renew(cancel);
                await leases.Reap(time.GetUtcNow(), cancel);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // When the database comes back, the other workers have a chance to renew before leases are taken away.
            reapAgain = time.GetUtcNow() + options.Heartbeat;
            throw;
        }
    }
}
