using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Work;

/// Keeps leases alive, finds those that ran out, and promotes what has become due. These loops serve all organisations at once.
internal sealed class Leases(IJobDatabase database, JobChanges changes, Outcomes outcomes, Verdict verdict)
{
    private const int Batch = 200;

    private const string ClaimedColumns = """
        id as Id, organization_id as Organization, type as Type, version as Version, '' as Arguments, attempt as Attempt, failures as Failures,
        max_attempts as MaxAttempts, lease_token as Token, started_at as StartedAt, worker as Worker
        """;

    private const string FlaggedSql = "select id from jobs where state = 'running' and worker = @worker and cancel_requested = 1 limit 1";
    private const string AnyExpiredSql = "select id from jobs where state = 'running' and lease_until < @now limit 1";
    private const string AnyDueSql = "select id from jobs where state in ('scheduled', 'retrying') and due_at <= @now limit 1";

    private readonly string expiredSql =
        $"select {ClaimedColumns} from jobs where state = 'running' and lease_until < @now limit {Batch} {SkipLocked(database)}";

    private readonly string ownSql =
        $"select {ClaimedColumns} from jobs where state = 'running' and worker = @worker limit {Batch} {SkipLocked(database)}";

    private readonly string promoteSql = $"""
        update jobs set state = 'ready'
        where state in ('scheduled', 'retrying') and id in (
            select id from jobs where state in ('scheduled', 'retrying') and due_at <= @now order by due_at limit {Batch} {SkipLocked(database)})
        returning id as Job, organization_id as Org
        """;

    private readonly string renewSql = $"""
        update jobs set lease_until = @until
        from {Statements.Items(database.Dialect, "job text", "org text", "token bigint")}
        where id = job and organization_id = org and lease_token = token and state = 'running'
        returning id as Job, lease_token as Token, cancel_requested as CancelRequested
        """;

    /// The runs that still have their job, each with whether it is to stop.
    public async Task<IReadOnlyDictionary<RunKey, bool>> Renew(IEnumerable<ClaimedJob> jobs, DateTimeOffset until, CancellationToken cancel)
    {
        var rows = Statements.Json(jobs.Select(job => new { Job = job.Id, Org = job.Organization, job.Token }));
        var renewed = await database.Write(
            transaction => transaction.Rows<Renewed>(renewSql, new { rows, until = until.Milliseconds() }, cancel), cancel);
        return renewed.ToDictionary(row => new RunKey { Job = row.Job, Token = row.Token }, row => row.CancelRequested != 0);
    }

    /// Whether one of the worker's jobs has been asked to stop.
    public async Task<bool> AnyFlagged(string worker, CancellationToken cancel) =>
        (await database.Rows<string>(FlaggedSql, new { worker }, cancel)).Count > 0;

    public async Task<bool> AnyExpired(DateTimeOffset now, CancellationToken cancel) =>
        (await database.Rows<string>(AnyExpiredSql, new { now = now.Milliseconds() }, cancel)).Count > 0;

    /// Takes jobs away from workers that gave no sign of life; returns how many.
    public Task<int> Reap(DateTimeOffset now, CancellationToken cancel) =>
        TakeAway(expiredSql, new { now = now.Milliseconds() }, now, sameNode: false, cancel);

    /// Takes back what an earlier life of this worker left running; the caller knows that it is dead.
    public async Task<int> TakeBack(string worker, DateTimeOffset now, CancellationToken cancel)
    {
        var all = 0;
        for (var some = -1; some != 0; all += some)
        {
            some = await TakeAway(ownSql, new { worker }, now, sameNode: true, cancel);
        }

        return all;
    }

    /// Makes due jobs ready; returns whether there may be more.
    public async Task<bool> Promote(DateTimeOffset now, CancellationToken cancel)
    {
        var due = new { now = now.Milliseconds() };
        if ((await database.Rows<string>(AnyDueSql, due, cancel)).Count == 0)
        {
            return false;
        }

        return await database.Write(
            async transaction =>
            {
                var promoted = await transaction.Rows<Promoted>(promoteSql, due, cancel);
                await changes.Announce(transaction, promoted.Select(row => new JobSignal(JobSignal.IsReady, row.Org, row.Job)), cancel);
                return promoted.Count == Batch;
            },
            cancel);
    }

    private Task<int> TakeAway(string sql, object question, DateTimeOffset now, bool sameNode, CancellationToken cancel) => database.Write(
        async transaction =>
        {
            var jobs = await transaction.Rows<ClaimedJob>(sql, question, cancel);
            return jobs.Count == 0
                ? 0
                : (await outcomes.Apply(transaction, [.. jobs.Select(job => verdict.Lost(job, now, sameNode))], cancel)).Count;
        },
        cancel);

    private static string SkipLocked(IJobDatabase database) => database.Dialect == SqlDialect.Postgres ? "for update skip locked" : "";

    private sealed record Renewed
    {
        public required string Job { get; init; }

        public required long Token { get; init; }

        public required int CancelRequested { get; init; }
    }

    private sealed record Promoted
    {
        public required string Job { get; init; }

        public required string Org { get; init; }
    }
}
