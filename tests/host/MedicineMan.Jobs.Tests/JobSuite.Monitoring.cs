using MedicineMan.Jobs.Rows;
using MedicineMan.Testbed;

namespace MedicineMan.Jobs.Tests;

public abstract partial class JobSuite
{
    [SkippableFact]
    public async Task Minutes_that_are_long_over_become_hours_that_say_the_same()
    {
        await using var rig = await Start();
        var now = rig.Time.GetUtcNow();
        var hour = (now.AddHours(-10).Milliseconds() / 3_600_000) * 3_600_000;
        var recent = now.AddMinutes(-30).Milliseconds() / 60_000 * 60_000;
        foreach (var (minute, worker) in Enumerable.Range(0, 120).SelectMany(i => new[] { (hour + (i * 60_000L), "a"), (hour + (i * 60_000L), "b") }).Append((recent, "a")))
        {
            await rig.Database.Write(t => t.Run("insert into job_stats values ('org', @minute, 'work', @worker, 2, 1, 1, 0, '1 2 1', '0 0 4')", new { minute, worker }, default), default);
        }

        var before = await rig.Monitor.Stats(Rig.Org, now.AddDays(-1), TimeSpan.FromHours(1), null, default);

        // Two at once, as in a cluster.
        await rig.Work(Rig.Quick with { Concurrency = 0 });
        await rig.Work(Rig.Quick with { Concurrency = 0 });
        await Eventually.Holds(async () => await rig.Database.Query<long>("select count(*) from job_stats where minute < " + recent) == 2);

        Assert.Equal(before, await rig.Monitor.Stats(Rig.Org, now.AddDays(-1), TimeSpan.FromHours(1), null, default));
        Assert.Equal(240, before[0].Succeeded);
        Assert.Equal("120 240 120", await rig.Database.Query<string>($"select wait_ms from job_stats where minute = {hour}"));
        Assert.Equal(1, await rig.Database.Query<long>("select count(*) from job_stats where worker = 'a'"));
    }

    [SkippableFact]
    public async Task A_queue_counts_as_unserved_only_while_nobody_who_is_alive_takes_it()
    {
        await using var rig = await Start();
        await rig.Enqueue("work", with: request => request with { Queue = "nightly" });
        await rig.Enqueue("work", with: request => request with { Queue = "weekly", NotBefore = rig.Time.GetUtcNow().AddHours(1) });
        var patience = TimeSpan.FromMilliseconds(500);
        await rig.Work(Rig.Quick with { Queues = ["default"] });

        await Eventually.Holds(async () => (await rig.Monitor.Unserved(Rig.Org, patience, default)).Select(queue => queue.Queue).SequenceEqual(["nightly"]));
        Assert.Empty(await rig.Monitor.Unserved("other", patience, default));

        await rig.Database.Write(t => t.Run("insert into job_pauses values ('org', 'queue', 'nightly', 'me', 1)", new { }, default), default);
        await rig.Work(Rig.Quick with { Queues = ["nightly"] });
        await Eventually.Holds(async () => (await rig.Monitor.Unserved(Rig.Org, patience, default)).Count == 0);
    }
}
