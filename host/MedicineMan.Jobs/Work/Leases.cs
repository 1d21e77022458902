using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Work;

/// Keeps leases alive and finds those that ran out, for all organisations at once.
internal sealed class Leases(IJobDatabase database, Outcomes outcomes, Verdict verdict)
{
    private const int Batch = 200;

    private const string FlaggedSql = "select id from jobs where state = 'running' and worker = @worker and cancel_requested = 1 limit 1";
    private const string AnyExpiredSql = "select id from jobs where state = 'running' and lease_until < @now limit 1";

    private readonly string expiredSql =
        $"select {ClaimedJob.Columns} from jobs where state = 'running' and lease_until < @now limit {Batch} {SkipLocked(database)}";

    private readonly string ownSql =
        $"select {ClaimedJob.Columns} from jobs where state = 'running' and worker = @worker limit {Batch} {SkipLocked(database)}";

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
        return renewed.ToDictionary(row => new RunKey(row.Job, row.Token), row => row.CancelRequested != 0);
    }

    /// Whether one of the worker's jobs has been asked to stop.
    public async Task<bool> AnyFlagged(string worker, CancellationToken cancel) =>
        (await database.Rows<string>(FlaggedSql, new { worker }, cancel)).Count > 0;

    public async Task<bool> AnyExpired(DateTimeOffset now, CancellationToken cancel) =>
        (await database.Rows<string>(AnyExpiredSql, new { now = now.Milliseconds() }, cancel)).Count > 0;

    /// Takes jobs away from workers that gave no sign of life; returns how many.
    public Task<int> Reap(DateTimeOffset now, CancellationToken cancel) =>
        TakeAway(expiredSql, new { now = now.Milliseconds() }, now, cancel);

    /// Takes back what an earlier life of this worker left running; the caller knows that it is dead.
    public async Task<int> TakeBack(string worker, DateTimeOffset now, CancellationToken cancel)
    {
        var all = 0;
        for (var some = -1; some != 0; all += some)
        {
            some = await TakeAway(ownSql, new { worker }, now, cancel);
        }

        return all;
    }

    private Task<int> TakeAway(string sql, object question, DateTimeOffset now, CancellationToken cancel) => database.Write(
        async transaction =>
        {
            var jobs = await transaction.Rows<ClaimedJob>(sql, question, cancel);
            return jobs.Count == 0
                ? 0
                : (await outcomes.Apply(transaction, [.. jobs.Select(job => verdict.Lost(job, now))], cancel)).Count;
        },
        cancel);

    private static string SkipLocked(IJobDatabase database) => database.Dialect == SqlDialect.Postgres ? "for update skip locked" : "";

    private sealed record Renewed
    {
        public required string Job { get; init; }

        public required long Token { get; init; }

        public required int CancelRequested { get; init; }
    }
}
