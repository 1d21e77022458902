using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Monitoring;

/// What an operator asks about the queue as a whole.
public sealed class JobMonitor(IJobDatabase database, TimeProvider time)
{
    /// Kinds of dead jobs that are told apart at most.
    public const int MostKinds = 100;

    private const string WorkersSql = """
        select name as Name, version as Version, queues as Queues, concurrency as Concurrency, running as Running, reserved as Reserved, done as Done,
            started_at as StartedAt, seen_at as SeenAt, stopped_at as StoppedAt
        from job_workers order by seen_at desc, name limit 200
        """;

    private const string StatsSql = """
        select minute as Minute, type as Type, succeeded as Succeeded, failed as Failed, dead as Dead, cancelled as Cancelled, wait_ms as WaitMs, run_ms as RunMs
        from job_stats where organization_id = @organization and minute >= @from
        """;

    private static readonly string DeadSignaturesSql = $"""
        select type as Type, signature as Signature, jobs as Jobs, newest as NewestId,
            (select ended_at from jobs where id = oldest) as FirstAt, (select ended_at from jobs where id = newest) as LastAt
        from (
            select type, signature, count(*) as jobs, min(id) as oldest, max(id) as newest from jobs where organization_id = @organization and state = 'dead'
            group by type, signature order by max(id) desc limit {MostKinds}) as kinds
        order by newest desc
        """;

    private const string BacklogSql = """
        select queue as Queue, count(*) as Ready, min(due_at) as OldestDue from (
            select queue, due_at from jobs where state = 'ready' limit 100000) waiting
        group by queue order by queue
        """;

    // Jumps from lane to lane: a long line costs as much as a short one.
    private const string WaitingSql = """
        with recursive lanes (lane) as (
            select min(lane) from jobs where state = 'ready' and lane < '~'
            union all
            select (select min(lane) from jobs where state = 'ready' and lane > lanes.lane and lane < '~') from lanes where lanes.lane is not null
        )
        select lane as Lane, (select due_at from jobs where state = 'ready' and jobs.lane = lanes.lane order by rank, id limit 1) as Due
        from lanes where lane is not null limit 1000
        """;

    /// All workers that were seen in the last day, whatever their organisations' jobs: a worker serves all.
    public async Task<IReadOnlyList<JobWorkerRow>> Workers(CancellationToken cancel) =>
        [.. (await database.Rows<StoredWorker>(WorkersSql, new { }, cancel)).Select(worker => worker.ToRow())];

    /// Whether the worker is at work and runs jobs of the queue.
    /// <param name="patience">It counts as gone when it was not seen for so long.</param>
    public bool Takes(JobWorkerRow worker, string queue, TimeSpan patience) => worker.StoppedAt is null && worker.Concurrency > 0
        && time.GetUtcNow() - worker.SeenAt <= patience && (worker.Queues.Count == 0 || worker.Queues.Contains(queue));

    /// The queues in which jobs of the organisation have waited for a while, though no worker takes them, and since when: nothing will happen there by itself.
    public async Task<IReadOnlyList<UnservedQueue>> Unserved(string organization, TimeSpan patience, CancellationToken cancel)
    {
        var waiting = (await database.Rows<WaitingLane>(WaitingSql, new { }, cancel)).FindAll(one => Lanes.OrganizationOf(one.Lane) == organization);
        var late = waiting.Select(one => new UnservedQueue(Lanes.QueueOf(one.Lane), Statements.Time(one.Due))).Where(one => time.GetUtcNow() - one.Since > patience).ToList();
        var workers = late.Count == 0 ? [] : await Workers(cancel);
        return late.FindAll(one => !workers.Any(worker => Takes(worker, one.Queue, patience)));
    }

    /// What was done since a moment, in steps of so many minutes; steps without any are left out.
    public async Task<IReadOnlyList<JobStats>> Stats(string organization, DateTimeOffset from, TimeSpan step, string? type, CancellationToken cancel)
    {
        // Whole steps: of the first one, too, all is told.
        var length = (long)step.TotalMilliseconds;
        var start = from.Milliseconds() / length * length;
        var rows = await database.Rows<StoredStats>(StatsSql + (type is null ? "" : " and type = @type"), new { organization, from = start, type }, cancel);
        return [.. rows.GroupBy(row => row.Minute / length * length).OrderBy(some => some.Key)
            .Select(some => JobStats.Sum(Statements.Time(some.Key), some))];
    }

    /// Dead jobs by type and kind of error, of the hundred kinds that came up last. All is told from an index; only the oldest and the newest of each are looked up.
    public async Task<IReadOnlyList<DeadKind>> DeadKinds(string organization, CancellationToken cancel) =>
        [.. (await database.Rows<StoredDeadKind>(DeadSignaturesSql, new { organization }, cancel)).Select(kind => kind.ToKind())];

    /// How much waits in each queue and for how long: what a scaler of workers looks at. The default queue and those that workers are there for are named with
    /// nothing in them, too, so that a figure goes to zero instead of away. At most 100,000 waiting jobs are counted.
    public async Task<IReadOnlyList<QueueBacklog>> Backlog(CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var waiting = (await database.Rows<StoredBacklog>(BacklogSql, new { }, cancel))
            .ConvertAll(row => new QueueBacklog(row.Queue, row.Ready, Statements.Time(row.OldestDue) is var due && due < now ? now - due : TimeSpan.Zero));
        var served = (await Workers(cancel)).Where(worker => worker.StoppedAt is null).SelectMany(worker => worker.Queues);
        return [.. waiting
            .Concat(served.Append(JobRequest.DefaultQueue).Except(waiting.Select(queue => queue.Queue)).Select(queue => new QueueBacklog(queue, 0, TimeSpan.Zero)))
            .OrderBy(queue => queue.Queue, StringComparer.Ordinal)];
    }

    private sealed record WaitingLane
    {
        public required string Lane { get; init; }

        public required long Due { get; init; }
    }
}
