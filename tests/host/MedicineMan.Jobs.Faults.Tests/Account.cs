using MedicineMan.Jobs.TestWorker;

namespace MedicineMan.Jobs.Faults.Tests;

/// What must hold when a storm is over: every job done, its effect there once, and nobody acted without the lease.
internal static class Account
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const string OpenSql = "select count(*) from jobs where state <> 'succeeded'";
    private const string EndedBadlySql = "select organization_id || ' ' || id from jobs where ended_at is not null and state <> 'succeeded' limit 1";
    private const string OpenExampleSql = """
        select 'e.g. ' || id || ' ' || state || ', attempt ' || attempt || ', due ' || (due_at - @now) || ' ms from now, leased ' || coalesce(lease_until - @now, 0)
            || ' ms from now, key ' || coalesce(concurrency_key, '-') || ', ' || coalesce(error, '')
        from jobs where state <> 'succeeded' order by due_at desc limit 1
        """;

    public static async Task Settle(this Storm storm)
    {
        var retried = await AllDone(storm);
        var database = storm.Database;
        var jobs = await database.Query<long>("select count(*) from jobs");
        Assert.Equal(jobs, await database.Query<long>("select count(*) from effects"));
        Assert.Equal(jobs, await database.Query<long>("select count(distinct job_id) from effects"));
        Assert.Equal(jobs, await database.Query<long>("select count(*) from jobs where id in (select job_id from effects)"));
        Assert.Equal(0, await database.Query<long>("select count(*) from acts where token <> newest"));

        foreach (var (id, organization) in storm.Acknowledged)
        {
            var job = await storm.Queue.Find(organization, id, default);
            Assert.True(job is { State: JobState.Succeeded }, $"The job {id} was acknowledged, and is {job?.State.ToString() ?? "gone"}.");
            if (job!.Attempt > 1)
            {
                Assert.Single(await storm.Queue.Attempts(organization, id, default), attempt => attempt.Outcome == "succeeded");
            }
        }

        foreach (var worker in storm.Workers)
        {
            if (worker.HasDied)
            {
                Assert.Fail($"{worker} It died of itself.");
            }

            Assert.Equal(0, await worker.End());
        }

        Assert.True(storm.Blows > 0, "Nothing happened to anybody.");
        Console.WriteLine($"{database.Dialect}: {storm.Blows} blows, {jobs} jobs, {retried} retried by hand, "
            + $"{await database.Query<long>("select count(*) from job_attempts where outcome = 'lost'")} attempts lost, {await database.Query<long>("select count(*) from refusals")} refused by the lease");
    }

    /// A job that was under way in two crashes is kept from the rest, as it may be what crashes them; here that is bad luck, so a person lets it go on.
    private static async Task<int> AllDone(Storm storm)
    {
        var retried = 0;
        for (var end = DateTime.UtcNow + Patience; await storm.Database.Query<long>(OpenSql) > 0;)
        {
            while (await storm.Database.Query<string?>(EndedBadlySql) is { } ended)
            {
                var (organization, id) = (ended.Split(' ')[0], ended.Split(' ')[1]);
                Assert.True(await storm.Database.Write(transaction => storm.Queue.Retry(transaction, organization, id, default), default));
                retried++;
            }

            if (DateTime.UtcNow > end)
            {
                var example = await storm.Database.Query<string?>(OpenExampleSql, new { now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() });
                Assert.Fail($"{await storm.Database.Query<long>(OpenSql)} jobs are stuck a minute after everything was put right, {example}");
            }

            await Task.Delay(100);
        }

        return retried;
    }
}
