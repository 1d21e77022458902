using System.Data.Common;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Claiming;

/// Looks after jobs that wait, for all organisations at once: makes ready what is due, ends what is too late, and lets out of the closed lanes what nothing holds any more.
internal sealed class Waiting(IJobDatabase database, JobChanges changes, Outcomes outcomes, Pauses pauses)
{
    private const int Batch = 500;
    private const int MostLanes = 200;

    private const string WorkSql = """
        select (select count(*) from (select 1 from jobs where state in ('scheduled', 'retrying') and due_at <= @now limit 1) due) as Due,
            (select count(*) from (select 1 from jobs where deadline <= @now and deadline is not null and ended_at is null and state <> 'running' limit 1) late) as Late,
            (select count(*) from (select 1 from jobs where state = 'ready' and lane > '~' and lane <> '~suspect' limit 1) closed) as Closed
        """;

    private const string ClosedSql = """
        with recursive closed (lane) as (
            select (select min(lane) from jobs where state = 'ready' and lane > '~' and lane <> '~suspect')
            union all
            select (select min(lane) from jobs where state = 'ready' and lane > closed.lane and lane <> '~suspect') from closed where closed.lane is not null
        )
        select lane from closed where lane is not null limit @most
        """;

    private const string FirstSql = $"select {ClaimedJob.Columns} from jobs where state = 'ready' and lane = @lane order by rank, id limit 1";

    private const string BusySql = "select count(*) from jobs where state = 'running' and organization_id = @Organization and ";

    private readonly string promoteSql = $"""
        update jobs set state = 'ready'
        where state in ('scheduled', 'retrying') and id in (
            select id from jobs where state in ('scheduled', 'retrying') and due_at <= @now order by due_at limit {Batch} {SkipLocked(database)})
        returning id as Job, organization_id as Org
        """;

    private readonly string lateSql = $"""
        select {ClaimedJob.Columns} from jobs
        where deadline <= @now and deadline is not null and ended_at is null and state <> 'running' limit {Batch} {SkipLocked(database)}
        """;

    private readonly string releaseSql = $"""
        update jobs set lane = {Lanes.HomeSql}
        where id in (select id from jobs where state = 'ready' and lane = @lane order by rank, id limit @most {SkipLocked(database)})
        returning id as Job, organization_id as Org
        """;

    /// Returns whether there may be more to do at once.
    public async Task<bool> Promote(DateTimeOffset now, CancellationToken cancel)
    {
        var moment = new { now = now.Milliseconds() };
        var work = (await database.Rows<Work>(WorkSql, moment, cancel)).Single();
        var more = false;
        if (work.Late > 0)
        {
            more |= await database.Write(
                async transaction =>
                {
                    var late = await transaction.Rows<ClaimedJob>(lateSql, moment, cancel);
                    await outcomes.Expire(transaction, late, now, cancel);
                    return late.Count == Batch;
                },
                cancel);
        }

        if (work.Due > 0)
        {
            more |= await database.Write(
                async transaction =>
                {
                    var promoted = await transaction.Rows<Freed>(promoteSql, moment, cancel);
                    await Announce(transaction, promoted, cancel);
                    return promoted.Count == Batch;
                },
                cancel);
        }

        return work.Closed > 0 ? await Release(cancel) || more : more;
    }

    /// Mostly the safety net: who ends a job with a concurrency key lets the next one out himself. After a pause this is the way out.
    private async Task<bool> Release(CancellationToken cancel)
    {
        var more = false;
        foreach (var lane in await database.Rows<string>(ClosedSql, new { most = MostLanes }, cancel))
        {
            if ((await database.Rows<ClaimedJob>(FirstSql, new { lane }, cancel)).FirstOrDefault() is not { } first)
            {
                continue;
            }

            var most = lane == Lanes.Paused(first.Organization, first.Type)
                ? pauses.HoldType(first.Organization, first.Type) ? 0 : Batch
                : first.Keys.FirstOrDefault(key => key.Lane == lane) is { } key
                    ? key.Limit - (int)(await database.Rows<long>($"{BusySql}{(key.Place == 0 ? "concurrency_key" : "second_key")} = @Key", key, cancel)).Single() : Batch;
            if (most > 0)
            {
                more |= await database.Write(
                    async transaction =>
                    {
                        var freed = await transaction.Rows<Freed>(releaseSql, new { lane, most }, cancel);
                        await Announce(transaction, freed, cancel);
                        return freed.Count == Batch;
                    },
                    cancel);
            }
        }

        return more;
    }

    private Task Announce(DbTransaction transaction, IEnumerable<Freed> freed, CancellationToken cancel) =>
        changes.Announce(transaction, freed.Select(row => new JobSignal(JobSignal.IsReady, row.Org, row.Job)), cancel);

    private static string SkipLocked(IJobDatabase database) => database.Dialect == SqlDialect.Postgres ? "for update skip locked" : "";

    private sealed record Work
    {
        public required long Due { get; init; }

        public required long Late { get; init; }

        public required long Closed { get; init; }
    }

    private sealed record Freed
    {
        public required string Job { get; init; }

        public required string Org { get; init; }
    }
}
