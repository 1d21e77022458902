using System.Data.Common;
using Npgsql;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Work;

/// Hands ready jobs to one worker each, best first, and never two running ones with the same concurrency key.
internal sealed class Claims(IJobDatabase database, JobChanges changes)
{
    // Several PostgreSQL workers claim at once: rows another one is claiming are skipped, and so are keys another one is claiming for,
    // without ever waiting. SQLite's claims come one after another anyway.
    private const string SkipLocked = "for update skip locked";
    private const string KeyIsFree = "and (concurrency_key is null or pg_try_advisory_xact_lock(hashtextextended(organization_id || '/' || concurrency_key, 0)))";

    private readonly string claimSql = $"""
        with candidates as materialized (
            select id, organization_id, concurrency_key, priority, due_at
            from jobs
            where state = 'ready' and (concurrency_key is null or not exists (select 1 from jobs busy
                where busy.state = 'running' and busy.organization_id = jobs.organization_id and busy.concurrency_key = jobs.concurrency_key))
            order by priority desc, due_at, id
            limit @size {(database.Dialect == SqlDialect.Postgres ? SkipLocked : "")}
        ), ordered as materialized (
            select id, organization_id, concurrency_key,
                row_number() over (partition by organization_id, coalesce(concurrency_key, id) order by priority desc, due_at, id) as place
            from candidates
        ), picked as materialized (
            select id from ordered where place = 1 {(database.Dialect == SqlDialect.Postgres ? KeyIsFree : "")}
        )
        update jobs set state = 'running', attempt = attempt + 1, lease_token = lease_token + 1, lease_until = @until, worker = @worker,
            started_at = @now, progress = null
        where id in (select id from picked)
        returning id as Id, organization_id as Organization, type as Type, version as Version, arguments as Arguments, attempt as Attempt,
            failures as Failures, max_attempts as MaxAttempts, time_limit as TimeLimit, lease_token as Token, started_at as StartedAt,
            checkpoint as Checkpoint, worker as Worker, priority as Priority, due_at as DueAt
        """;

    public async Task<IReadOnlyList<ClaimedJob>> ClaimNext(string worker, int size, DateTimeOffset now, TimeSpan lease, CancellationToken cancel)
    {
        var question = new { worker, size, now = now.Milliseconds(), until = (now + lease).Milliseconds() };
        while (true)
        {
            try
            {
                var claimed = await database.Write(transaction => Claim(transaction, question, cancel), cancel);
                return [.. claimed.OrderByDescending(job => job.Priority).ThenBy(job => job.DueAt).ThenBy(job => job.Id, StringComparer.Ordinal)];
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UniqueViolation)
            {
                // Another worker committed a running job with the same concurrency key between our look and our update; the next look sees it.
                cancel.ThrowIfCancellationRequested();
            }
        }
    }

    private async Task<List<ClaimedJob>> Claim(DbTransaction transaction, object question, CancellationToken cancel)
    {
        var jobs = await transaction.Rows<ClaimedJob>(claimSql, question, cancel);
        await changes.Announce(transaction, jobs.Select(job => new JobSignal(JobSignal.IsChanged, job.Organization, job.Id)), cancel);
        return jobs;
    }
}

/// A job as its worker holds it.
internal sealed record ClaimedJob
{
    public required string Id { get; init; }

    public required string Organization { get; init; }

    public required string Type { get; init; }

    public required int Version { get; init; }

    public required string Arguments { get; init; }

    public required int Attempt { get; init; }

    public required int Failures { get; init; }

    public required int MaxAttempts { get; init; }

    public long? TimeLimit { get; init; }

    /// The fencing token: every write for this run carries it, and one that is not the newest changes nothing.
    public required long Token { get; init; }

    public required long StartedAt { get; init; }

    public string? Checkpoint { get; init; }

    public required string Worker { get; init; }

    public RunKey Key => new() { Job = Id, Token = Token };

    public int Priority { get; init; }

    public long DueAt { get; init; }
}
