using System.Data.Common;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Ending;

/// Ends attempts, many in one transaction. The fencing token is in the where clause: an outcome whose lease is gone changes nothing.
internal sealed class Outcomes(SqlDialect dialect, JobChanges changes)
{
    private static readonly string[] Columns =
    [
        "job text", "org text", "token bigint", "next_state text", "due bigint", "ended bigint", "fails integer", "crashed integer", "number integer",
        "by_worker text", "started bigint", "finished bigint", "result text", "message text", "sign text",
    ];

    // A job that was asked to stop is not tried again, whatever the outcome says.
    private readonly string endSql = $"""
        update jobs set due_at = due, rank = due - 60000 * priority, failures = fails, crashes = crashed, error = message, signature = sign, granted = 0,
            started_at = case when result = 'returned' then null else started end, attempt = case when result = 'returned' then attempt - 1 else attempt end,
            lease_until = null, lane = case when crashed > 0 then '~suspect' else queue || '/' || organization_id end,
            state = case when cancel_requested = 1 and ended is null then 'cancelled' else next_state end,
            ended_at = case when cancel_requested = 1 and ended is null then finished else ended end
        from {Statements.Items(dialect, Columns)}
        where id = job and organization_id = org and lease_token = token and state = 'running'
        returning id as Job, lease_token as Token, state as State
        """;

    // Nearly all attempts end like this. What there is to say of one is in the job's own row, so its history costs no row of its own.
    private readonly string succeedSql = $"""
        update jobs set state = 'succeeded', ended_at = finished, started_at = started, error = null, crashes = 0, lease_until = null
        from {Statements.Items(dialect, "job text", "org text", "token bigint", "started bigint", "finished bigint")}
        where id = job and organization_id = org and lease_token = token and state = 'running'
        returning id as Job, lease_token as Token, 'succeeded' as State
        """;

    private readonly string attemptSql = $"""
        insert into job_attempts (organization_id, job_id, number, worker, started_at, ended_at, outcome, error)
        select org, job, number, by_worker, started, finished, result, message from {Statements.Items(dialect, Columns)}
        """;

    private readonly string expireSql = $"""
        update jobs set state = 'dead', ended_at = @now, error = @error, signature = @error
        from {Statements.Items(dialect, "job text", "org text")} where id = job and organization_id = org and state in ('ready', 'scheduled', 'retrying')
        """;

    private const string LockKeySql = "select 1 from (select pg_advisory_xact_lock(hashtextextended(@Organization || '/' || @Key, @Place))) as held";

    private readonly string nextSql = Lanes.NextSql(dialect);

    private const string Expired = "Its deadline passed before it could run.";

    /// Returns the runs whose outcome counted.
    public async Task<IReadOnlySet<RunKey>> Apply(DbTransaction transaction, IReadOnlyList<Outcome> outcomes, CancellationToken cancel)
    {
        List<Outcome> good = [.. outcomes.Where(outcome => outcome.Succeeded)];
        List<Outcome> others = [.. outcomes.Where(outcome => !outcome.Succeeded)];
        var ended = new List<Ended>();
        if (good.Count > 0)
        {
            var rows = good.Select(outcome => new { outcome.Job, outcome.Org, outcome.Token, outcome.Started, outcome.Finished });
            ended.AddRange(await transaction.Rows<Ended>(succeedSql, new { rows = Statements.Json(rows) }, cancel));
        }

        if (others.Count > 0)
        {
            ended.AddRange(await transaction.Rows<Ended>(endSql, new { rows = Statements.Json(others) }, cancel));
        }

        var states = ended.ToDictionary(run => new RunKey(run.Job, run.Token), run => JobStates.Read(run.State));
        var counted = outcomes.Where(outcome => states.ContainsKey(outcome.Key)).ToList();
        List<Outcome> told = [.. counted.Where(outcome => !outcome.Succeeded && outcome.Result != Verdict.ReturnedResult)];
        if (told.Count > 0)
        {
            await transaction.Run(attemptSql, new { rows = Statements.Json(told) }, cancel);
        }

        var signals = counted.Select(outcome => outcome.Signal).ToList();
        signals.AddRange(await MakeWay(transaction, counted, cancel));
        var members = counted.Where(outcome => outcome.Claim.GroupId is not null && states[outcome.Key].IsEnded())
            .Select(outcome => new GroupMember(outcome.Org, outcome.Claim.GroupId!, states[outcome.Key] != JobState.Succeeded)).ToList();
        if (members.Count > 0)
        {
            signals.AddRange(await Groups.Ended(transaction, members, Statements.Time(counted[0].Finished), cancel));
        }

        await changes.Announce(transaction, signals, cancel);
        return states.Keys.ToHashSet();
    }

    /// Ends jobs that wait although nobody has a use for them any more.
    public async Task Expire(DbTransaction transaction, IReadOnlyList<ClaimedJob> jobs, DateTimeOffset now, CancellationToken cancel)
    {
        var rows = Statements.Json(jobs.Select(job => new { Job = job.Id, Org = job.Organization }));
        await transaction.Run(expireSql, new { rows, now = now.Milliseconds(), error = Expired }, cancel);
        var signals = jobs.Select(job => new JobSignal(JobSignal.IsChanged, job.Organization, job.Id)).ToList();
        var members = jobs.Where(job => job.GroupId is not null).Select(job => new GroupMember(job.Organization, job.GroupId!, Failed: true));
        signals.AddRange(await Groups.Ended(transaction, members, now, cancel));
        await changes.Announce(transaction, signals, cancel);
    }

    /// Lets as many jobs out of the line behind a key as have left it; the keys in their order, so that two workers do not wait for one another.
    private async Task<IReadOnlyList<JobSignal>> MakeWay(DbTransaction transaction, IReadOnlyList<Outcome> outcomes, CancellationToken cancel)
    {
        var signals = new List<JobSignal>();
        foreach (var some in outcomes.SelectMany(outcome => outcome.Claim.Keys, (outcome, key) => (outcome.Job, Key: key))
                     .GroupBy(one => one.Key.Lane).OrderBy(some => some.Key, StringComparer.Ordinal))
        {
            var (job, key) = some.First();
            if (dialect == SqlDialect.Postgres)
            {
                await transaction.Rows<int>(LockKeySql, key, cancel);
            }

            if (await transaction.Run(nextSql, new { lane = some.Key, key.Organization, most = some.Count() }, cancel) > 0)
            {
                signals.Add(new(JobSignal.IsReady, key.Organization, job));
            }
        }

        return signals;
    }

    private sealed record Ended
    {
        public required string Job { get; init; }

        public required long Token { get; init; }

        public required string State { get; init; }
    }
}
