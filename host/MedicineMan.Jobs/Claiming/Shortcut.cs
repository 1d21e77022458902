using Dapper;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Claiming;

/// Claims the head of the lane that had its turn last, on one way to PostgreSQL and back: what an idle worker tries first, because mostly nothing else waits then. It takes only what
/// nothing can hold back; what else waits, and what it leaves, is for the ordinary claim after it.
internal sealed class Shortcut(IJobDatabase database, Hindrances hindrances)
{
    private const int MostTypes = 100;

    private static readonly string Sql = $"""
        {Claims.UnflushedSql};
        with head (job) as (
            select id from jobs where state = 'ready' and lane = @lane order by rank, id limit 1 for update skip locked
        ), taken as (
            update jobs set state = 'running', attempt = attempt + 1, lease_token = greatest(lease_token, @token) + @chance, lease_until = @until, worker = @Worker,
                started_at = @now, concurrency_slot = 0, second_slot = null, progress = null
            from head where id = job and organization_id = @organization and type = any(@types) and {ClaimedJob.BearsLossSql} and (deadline is null or deadline > @now)
            returning {ClaimedJob.Columns}
        )
        select taken.*, pg_notify('{JobChanges.Channel}', @signal || Id) from taken
        """;

    // Types of jobs that were claimed here: whether one has a limit is asked of its handler, which costs nothing.
    private readonly HashSet<string> types = [];

    public void Note(IEnumerable<ClaimedJob> claimed)
    {
        foreach (var job in claimed.TakeWhile(_ => types.Count < MostTypes))
        {
            types.Add(job.Type);
        }
    }

    public async Task<ClaimedJob?> Take(string lane, Wanted wanted, CancellationToken cancel)
    {
        if (database.Dialect != SqlDialect.Postgres || types.Count == 0)
        {
            return null;
        }

        var organization = Lanes.OrganizationOf(lane);
        var now = wanted.Now.Milliseconds();
        var question = new
        {
            lane, organization, now, wanted.Worker, types = types.Where(type => hindrances.IsFree(organization, type)).ToArray(), until = (wanted.Now + wanted.Lease).Milliseconds(),
            token = ClaimedJob.TokenAt(wanted.Now), chance = ClaimedJob.TokenStep(), signal = JobSignal.Payloads([new(JobSignal.IsChanged, organization, "")]).Single(),
        };
        await using var connection = await database.OpenRead(cancel);
        await using var answers = await connection.QueryMultipleAsync(new CommandDefinition(Sql, question, cancellationToken: cancel));
        await answers.ReadAsync();
        return (await answers.ReadAsync<ClaimedJob>()).SingleOrDefault();
    }
}
