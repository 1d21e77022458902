using System.Diagnostics;
using Dapper;

namespace MedicineMan.Jobs.Tests;

public abstract partial class JobSuite
{
    private const int ManyOpen = 200_000;
    private const int ManyEnded = 50_000;

    // Every fifth row has ended, so that pages hold both kinds; one open job in 50,000 runs, and one type in as many is rare. The newest are first to be asked for.
    private const string ManySql = """
        insert into jobs (id, organization_id, type, version, arguments, title, priority, state, attempt, failures, max_attempts, created_at, due_at, started_at, ended_at, lease_token,
            cancel_requested, queue, lane, rank)
        select {hex}, 'org', case when n % 50000 = 7 then 'rare' else 'work' end, 1, '{"n":1}', 'Title ' || n, 0,
            case when n % 5 = 0 then case when n % 25000 = 0 then 'dead' else 'succeeded' end when n % 50000 = 6 then 'running' when n % 50 = 1 then 'scheduled' else 'ready' end,
            0, 0, 3, n, n, null, case when n % 5 = 0 then n end, 0, 0, 'default', 'default/org', n
        """;

    private static string Many(SqlDialect dialect) => dialect == SqlDialect.Postgres
        ? ManySql.Replace("{hex}", "lpad(to_hex(n), 12, '0') || repeat('0', 20)", StringComparison.Ordinal) + $" from generate_series(1, {ManyOpen + ManyEnded}) n"
        : $"with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < {ManyOpen + ManyEnded}) "
            + ManySql.Replace("{hex}", "printf('%012x', n) || '00000000000000000000'", StringComparison.Ordinal) + " from numbers";

    private static readonly JobFilter[] Filters =
    [
        new(), new() { Type = "work" }, new() { Type = "rare" }, new() { Type = "none" }, .. Enum.GetValues<JobState>().Select(state => new JobFilter { State = state }),
        new() { State = JobState.Ready, Type = "rare" }, new() { State = JobState.Succeeded, Type = "rare" }, new() { State = JobState.Running, Type = "work" },
    ];

    [SkippableFact]
    public async Task Lists_of_200_000_open_jobs_among_ended_ones_are_read_from_indexes_in_their_order()
    {
        await using var rig = await Start();
        await rig.Database.Execute(Many(rig.Database.Dialect));
        if (rig.Database.Dialect == SqlDialect.Postgres)
        {
            // Within a minute it does so by itself. SQLite does not.
            await rig.Database.Execute("analyze jobs");
        }

        // Each row read where it lies. Rows fetched through an index that does not fit, or sorted, take twenty times as long; a busy machine makes both slow alike.
        var walk = await Fastest(() => rig.Database.Query<long>("select count(*) from jobs where lower(title) = 'x' or state = 'x'"));
        foreach (var filter in Filters)
        {
            var plan = await Plan(rig, filter, "ffff");
            Assert.DoesNotContain("Seq Scan", plan, StringComparison.Ordinal);
            Assert.DoesNotContain("TEMP B-TREE", plan, StringComparison.Ordinal);
            Assert.DoesNotMatch("SCAN jobs", plan);
            var page = await rig.Queue.List(Rig.Org, filter, null, 50, default);
            Assert.Equal(page.Rows.OrderByDescending(job => job.Id, StringComparer.Ordinal), page.Rows);
            var listing = await Fastest(() => rig.Queue.List(Rig.Org, filter, null, 50, default));
            Assert.True(listing < 5 * walk, $"{filter} took {listing}, a walk through all {walk}.\n{plan}");
        }

        var counts = await rig.Queue.Counts(Rig.Org, default);
        Assert.Equal((JobQueue.MostCounted, 5, 10), (counts[JobState.Ready], counts[JobState.Running], counts[JobState.Dead]));
        var counting = await Fastest(() => rig.Queue.Counts(Rig.Org, default));
        Assert.True(counting < 5 * walk, $"Counting took {counting}, a walk through all {walk}.");
        var everything = await rig.Queue.List(Rig.Org, new() { Text = "title 2500" }, null, 50, default);
        Assert.Equal(["Title 250000"], everything.Rows.Select(job => job.Title));
    }

    private static async Task<TimeSpan> Fastest(Func<Task> look)
    {
        var fastest = TimeSpan.MaxValue;
        for (var again = 0; again < 5; again++)
        {
            var started = Stopwatch.GetTimestamp();
            await look();
            fastest = TimeSpan.FromTicks(Math.Min(fastest.Ticks, Stopwatch.GetElapsedTime(started).Ticks));
        }

        return fastest;
    }

    private static async Task<string> Plan(Rig rig, JobFilter filter, string? after)
    {
        await using var connection = await rig.Database.OpenRead(default);
        var sql = rig.Queue.PageSql(filter, after);
        var question = JobQueue.Question(Rig.Org, filter, after, 51);
        return rig.Database.Dialect == SqlDialect.Postgres
            ? string.Join('\n', await connection.QueryAsync<string>("explain " + sql, question))
            : string.Join('\n', (await connection.QueryAsync("explain query plan " + sql, question)).Select(row => (string)row.detail));
    }
}
