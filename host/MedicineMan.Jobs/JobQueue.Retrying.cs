using System.Data.Common;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs;

/// Giving jobs another try, one or all that match.
public sealed partial class JobQueue
{
    private const int RetryBatch = 200;

    // A job counts from nothing again, and a deadline it had does not hold any more.
    private const string AgainSql = """
        update jobs set state = 'ready', due_at = @now, rank = @now - 60000 * priority, crashes = 0, lane = queue || '/' || organization_id,
            failures = 0, cancel_requested = 0, ended_at = null, deadline = null, signature = null
        where organization_id = @organization and id = @id
          and not exists (select 1 from jobs twin
            where twin.organization_id = jobs.organization_id and twin.unique_key = jobs.unique_key and twin.ended_at is null and twin.id <> jobs.id)
        """;

    private const string RetryWaitingSql = AgainSql + " and state = 'retrying'";
    private const string RetryEndedSql = AgainSql + " and state in ('dead', 'cancelled') returning group_id";

    private const string DeadSql = """
        select id from jobs where organization_id = @organization and state = 'dead' and ended_at is not null and id <= @UpTo and id > @after
        """;

    /// Runs a dead, cancelled or waiting-to-retry job again now, with all its attempts before it; false when it is in another state, or
    /// when another unfinished job has its unique key.
    public async Task<bool> Retry(DbTransaction transaction, string organization, string id, CancellationToken cancel)
    {
        var job = new { organization, id, now = time.GetUtcNow().Milliseconds() };
        if (await transaction.Run(RetryWaitingSql, job, cancel) == 0)
        {
            if (await transaction.Rows<string?>(RetryEndedSql, job, cancel) is not [var group])
            {
                return false;
            }

            if (group is not null)
            {
                await Groups.Reopen(transaction, organization, group, cancel);
            }
        }

        await changes.Announce(transaction, [new(JobSignal.IsReady, organization, id)], cancel);
        return true;
    }

    /// The next dead jobs of the scope are run again; asked again and again with the last id it returns until that is null. Jobs that die
    /// meanwhile are not among them.
    public async Task<DeadRetried> RetryDead(DbTransaction transaction, string organization, DeadScope scope, string after, CancellationToken cancel)
    {
        var sql = DeadSql + (scope.Type is null ? "" : " and type = @Type") + (scope.Signature is null ? "" : " and signature = @Signature") + " order by id limit @size";
        var ids = await transaction.Rows<string>(sql, new { organization, scope.Type, scope.Signature, scope.UpTo, after, size = RetryBatch }, cancel);
        var done = 0;
        foreach (var id in ids)
        {
            done += await Retry(transaction, organization, id, cancel) ? 1 : 0;
        }

        return new(done, ids.Count < RetryBatch ? null : ids[^1]);
    }
}

/// Which dead jobs are meant: those of a type, of one kind of error, up to the newest one somebody has seen.
public sealed record DeadScope(string UpTo)
{
    public string? Type { get; init; }

    public string? Signature { get; init; }
}

/// How many were run again, and where to go on; null at the end.
public sealed record DeadRetried(int Jobs, string? Next);
