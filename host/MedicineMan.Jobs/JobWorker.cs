using Microsoft.Extensions.Logging;

namespace MedicineMan.Jobs;

/// Runs jobs: claims what is ready, keeps the leases of what it runs alive, takes over what others dropped, promotes what is due.
/// Any number of workers share a database; each can be killed at any moment.
public sealed partial class JobWorker : IAsyncDisposable
{
    private static readonly TimeSpan MostIdle = TimeSpan.FromSeconds(1);

    private readonly IJobDatabase database;
    private readonly JobChanges changes;
    private readonly JobHandlers handlers;
    private readonly JobWorkerOptions options;
    private readonly TimeProvider time;
    private readonly DatabaseClock? clock;
    private readonly ILogger logger;

    private readonly Crew crew;
    private readonly Pauses pauses;
    private readonly SemaphoreSlim ownRows = new(1, 1);
    private readonly CancellationTokenSource noMoreClaims = new();
    private readonly CancellationTokenSource end = new();
    private readonly Verdict verdict;
    private readonly Claims claims;
    private readonly Leases leases;
    private readonly Waiting waiting;
    private readonly OutcomeWriter outcomes;
    private readonly Handovers handovers;
    private readonly Upkeep upkeep;
    private readonly Loop claim;
    private readonly Loop promote;
    private readonly Loop prune;
    private readonly Loop report;
    private readonly Tally tally;
    private readonly WorkerRow row;
    private NodeName? node;
    private Execution? suspect;
    private Task claiming = Task.CompletedTask;
    private Task others = Task.CompletedTask;

    public JobWorker(
        IJobDatabase database, JobChanges changes, JobHandlers handlers, JobWorkerOptions options, TimeProvider time, ILogger<JobWorker> logger)
    {
        clock = options.DatabaseClock && database.Dialect == SqlDialect.Postgres ? new DatabaseClock(database, time) : null;
        time = clock ?? time;
        (this.database, this.changes, this.handlers, this.options, this.time, this.logger) = (database, changes, handlers, options, time, logger);
        verdict = new Verdict(options);
        var ends = new Outcomes(database.Dialect, changes);
        pauses = new Pauses(database);
        claims = new Claims(database, changes, new Hindrances(database, pauses, handlers, ends));
        leases = new Leases(database, ends, verdict);
        crew = new Crew(options.Concurrency, new Pace(options.Reserve, time), Run, () => claim!.Ring(), time);
        waiting = new Waiting(database, changes, ends, pauses);
        outcomes = new OutcomeWriter(database, ends, ownRows, time, logger);
        handovers = new Handovers(claims, crew, outcomes, options, time, job => Of(job with { Worker = Name }), noMoreClaims.Token);
        claim = new Loop("claim", options.PollInterval, time, logger, _ => ClaimAll());
        promote = new Loop("promote", options.PollInterval, time, logger, Promote);
        tally = new Tally(database, time);
        row = new WorkerRow(database, options, crew, time);
        report = new Loop("report", options.Report, time, logger, Report);
        var pruning = new Pruning(database, options, time);
        var rollup = new Rollup(database, time);
        prune = new Loop("prune", options.PruneInterval, time, logger, async cancelled => Again(prune!, await pruning.Prune(cancelled) | await rollup.Fold(cancelled)));
        upkeep = new Upkeep(leases, crew, ownRows, options, time, logger);
    }

    /// The name its leases stand under; null before the start.
    public string? Name => node?.Value;

    /// Jobs it is running now.
    public int Running => crew.Busy;

    /// Jobs it holds beyond those, ready to start.
    public int Reserved => crew.Reserved;

    /// Attempts that have ended in it.
    public long Done => tally.Done;

    public async Task StartAsync(CancellationToken cancel)
    {
        await AskTime(cancel);
        // Made ready now: in need, with memory short, it could fail once and then for ever.
        ErrorSignature.Of("");
        node = NodeName.Take(options.NodeFile);
        if (node.IsProven && await leases.TakeBack(node.Value, time.GetUtcNow(), cancel) is > 0 and var count)
        {
            Log.TookBack(logger, count, node.Value);
        }

        await pauses.Read(cancel);
        changes.Heard += Hear;
        changes.Takers.Join(handovers.Take);
        claiming = Task.WhenAll(claim.Run(noMoreClaims.Token), promote.Run(noMoreClaims.Token));
        others = Task.WhenAll(
            upkeep.Run(node.Value, end.Token),
            outcomes.Run(end.Token),
            report.Run(end.Token),
            prune.Run(end.Token),
            database.Dialect == SqlDialect.Postgres ? new Listener(database, changes, time, logger).Run(end.Token) : Task.CompletedTask);
    }

    /// Claims no more, lets running jobs finish for a while, then interrupts them: they go back to the queue at no cost to their attempts.
    /// Cancelling cuts the waiting short.
    public async Task StopAsync(CancellationToken cancel)
    {
        changes.Takers.Leave(handovers.Take);
        await noMoreClaims.CancelAsync();
        await claiming;
        await GiveBack(TimeSpan.Zero);
        await Settle(options.Drain, cancel);
        foreach (var execution in crew.All)
        {
            execution.Stop(StopCause.Shutdown);
        }

        await Settle(options.StopGrace, CancellationToken.None);
        await end.CancelAsync();
        await others;
        await Leave();
        changes.Heard -= Hear;
        node?.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        if (!end.IsCancellationRequested)
        {
            await StopAsync(new CancellationToken(canceled: true));
        }

        ownRows.Dispose();
        noMoreClaims.Dispose();
        end.Dispose();
    }

    private async Task ClaimAll()
    {
        crew.Start();
        await GiveBack(MostIdle);
        var (places, reserve) = (crew.Free, crew.Lacks);
        if (places + reserve == 0 || crew.IsFull)
        {
            claims.MayWait();
            return;
        }

        // Not cancelled half way: a claim that was committed but not heard of would wait for its lease to run out.
        var alone = suspect is null || suspect.Done.IsCompleted || time.GetUtcNow() - suspect.ClaimedAt >= options.Suspicion;
        var wanted = new Wanted(Name!, places, reserve, alone, time.GetUtcNow(), options.Lease) { Queues = options.Queues };
        var (claimed, more) = await claims.ClaimNext(wanted, CancellationToken.None);
        foreach (var job in claimed)
        {
            var execution = Of(job);
            suspect = job.Crashes > 0 ? execution : suspect;
            crew.Add(execution);
        }

        crew.Start();
        Again(claim, more);
    }

    private Execution Of(ClaimedJob job) => new(database, changes, options, time, verdict, logger, job);

    /// Those in reserve that wait too long go to workers that have time for them.
    private async Task GiveBack(TimeSpan patience) =>
        await Task.WhenAll(crew.TakeIdle(patience).Select(execution => Conclude(execution, Verdict.Returned(execution.Job, time.GetUtcNow()))));

    private async Task Run(Execution execution)
    {
        Outcome? outcome = null;
        try
        {
            outcome = await execution.Run(handlers);
        }
        catch (Exception exception)
        {
            // Without an outcome the lease runs out and the job is taken over.
            Log.Broken(logger, exception, execution.Job.Type, execution.Job.Id);
        }

        // Not waited for: the place is free for the next one while the outcome is written together with others.
        _ = Conclude(execution, outcome);
    }

    private async Task Conclude(Execution execution, Outcome? outcome)
    {
        var job = execution.Job;
        try
        {
            if (outcome is null || !await outcomes.Write(outcome))
            {
                Log.Discarded(logger, job.Type, job.Id, job.Attempt);
            }
            else if (outcome.Result != Verdict.ReturnedResult)
            {
                tally.Count(outcome);
            }
        }
        finally
        {
            crew.Conclude(execution);
        }
    }

    private async Task Promote(CancellationToken cancel)
    {
        await pauses.Read(cancel);
        Again(promote, await waiting.Promote(time.GetUtcNow(), cancel));
    }

    private static void Again(Loop loop, bool more)
    {
        if (more)
        {
            loop.Ring();
        }
    }

    private Task AskTime(CancellationToken cancel) => clock?.Ask(cancel) ?? Task.CompletedTask;

    private async Task Report(CancellationToken cancel)
    {
        await AskTime(cancel);
        await row.Write(Name!, tally.Done, stopped: false, cancel);
        await tally.Write(Name!, cancel);
    }

    /// Its last word; without it the row shows when it was last seen.
    private async Task Leave()
    {
        try
        {
            await row.Write(Name!, tally.Done, stopped: true, CancellationToken.None);
            await tally.Write(Name!, CancellationToken.None);
        }
        catch (Exception exception)
        {
            Log.NoLastWord(logger, exception, Name!);
        }
    }

    private void Hear(JobSignal signal)
    {
        switch (signal.Kind)
        {
            case JobSignal.IsReady:
                claims.MayWait();
                claim.Ring();
                break;
            case JobSignal.IsCancelled:
                upkeep.Beat();
                break;
            case JobSignal.IsPaused:
                promote.Ring();
                break;
        }
    }

    private async Task Settle(TimeSpan patience, CancellationToken cancel)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await Task.WhenAny(Task.WhenAll(crew.All.Concat(crew.Coming).Select(execution => execution.Done)), Task.Delay(patience, time, enough.Token));
        await enough.CancelAsync();
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Took {Count} jobs back that an earlier life of {Worker} left running")]
        public static partial void TookBack(ILogger logger, int count, string worker);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The result of job {Type} {Job}, attempt {Attempt}, was discarded: its lease is gone")]
        public static partial void Discarded(ILogger logger, string type, string job, int attempt);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The worker {Worker} could not say that it has stopped; it counts as gone when it is not seen for a while")]
        public static partial void NoLastWord(ILogger logger, Exception exception, string worker);

        [LoggerMessage(Level = LogLevel.Error, Message = "The attempt of job {Type} {Job} broke without an outcome; its lease will run out")]
        public static partial void Broken(ILogger logger, Exception exception, string type, string job);
    }
}
