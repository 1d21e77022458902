using MedicineMan.Jobs.Grouping;
using MedicineMan.Testbed;

namespace MedicineMan.Jobs.Tests;

/// Many at once, what follows them, and what becomes of them.
public abstract partial class JobSuite
{
    [SkippableFact]
    public async Task Callers_that_enqueue_at_the_same_time_share_commits_and_each_gets_its_own_job()
    {
        await using var rig = await Start();
        var database = new CuttableDatabase(rig.Database);
        var queue = new JobQueue(database, rig.Time, new JobChanges(rig.Database));

        var ids = await Task.WhenAll(Enumerable.Range(0, 300).Select(i => Task.Run(() => queue.Enqueue(new JobRequest(Rig.Org, "work", $"{i}") { UniqueKey = i < 10 ? "one" : null }, default))));

        Assert.Equal(291, ids.Distinct().Count());
        Assert.Single(ids.Take(10).Distinct());
        Assert.Equal("200", (await rig.Job(ids[200])).Arguments);
        Assert.True(database.Writes < 200, $"{database.Writes} writes");
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => queue.Enqueue(new JobRequest(Rig.Org, "work", "{}"), cancelled.Token));
        await Assert.ThrowsAsync<ArgumentException>(() => queue.Enqueue(new JobRequest(Rig.Org, "work", "{"), default));
        Assert.Equal(291, await rig.Database.Query<long>("select count(*) from jobs"));
    }

    [SkippableFact]
    public async Task Of_many_jobs_all_are_added_in_order_or_none()
    {
        await using var rig = await Start();
        var ids = await rig.EnqueueMany(Enumerable.Range(0, 2500).Select(i => new JobRequest(Rig.Org, "work", $"{i}")));

        Assert.Equal("2345", (await rig.Job(ids[2345])).Arguments);
        await Assert.ThrowsAsync<ArgumentException>(() => rig.EnqueueMany([new JobRequest(Rig.Org, "work", "1"), new JobRequest(Rig.Org, "work", "oops")]));
        Assert.Equal(2500, await rig.Database.Query<long>("select count(*) from jobs"));
    }

    [SkippableFact]
    public async Task What_follows_a_group_comes_once_and_only_after_all_of_it_succeeded()
    {
        await using var rig = await Start();
        var broken = true;
        rig.Handle("work", (run, _) => broken && run.Arguments.GetInt32() == 7 ? throw new JobFailedException("seven") : Task.CompletedTask);
        rig.Handle("after", (_, _) => Task.CompletedTask);
        var request = new JobGroupRequest(Rig.Org, "Prove all", [.. Enumerable.Range(0, 20).Select(i => new JobRequest(Rig.Org, "work", $"{i}"))])
        {
            Continuation = new JobRequest(Rig.Org, "after", "{}"),
        };
        var id = await rig.Database.Write(transaction => rig.Queue.EnqueueGroup(transaction, request, default), default);
        await rig.Work();
        await Eventually.Holds(async () => (await rig.Queue.FindGroup(Rig.Org, id, default))!.Open == 0);
        var group = (await rig.Queue.FindGroup(Rig.Org, id, default))!;
        Assert.Equal((20, 1, null), (group.Jobs, group.Failed, group.NextJob));
        var dead = Assert.Single(await rig.Queue.Page(Rig.Org, new() { State = JobState.Dead, Group = id }, null, 10, default));

        broken = false;
        Assert.True(await rig.Retry(dead.Id));
        await Eventually.Holds(async () => (await rig.Queue.FindGroup(Rig.Org, id, default))!.NextJob is not null);

        group = (await rig.Queue.FindGroup(Rig.Org, id, default))!;
        Assert.Equal((0, 0), (group.Open, group.Failed));
        await rig.Until(group.NextJob!, JobState.Succeeded);
        Assert.Equal(1, await rig.Database.Query<long>("select count(*) from jobs where type = 'after'"));
    }

    [SkippableFact]
    public async Task A_group_of_which_jobs_are_cancelled_ends_and_can_be_followed_all_the_same()
    {
        await using var rig = await Start();
        rig.Handle("work", (_, _) => Task.CompletedTask);
        var request = new JobGroupRequest(Rig.Org, "Scan all", [new JobRequest(Rig.Org, "work", "1"), new JobRequest(Rig.Org, "work", "2")])
        {
            Continuation = new JobRequest(Rig.Org, "work", "3"), OnlyAfterSuccess = false,
        };
        var id = await rig.Database.Write(transaction => rig.Queue.EnqueueGroup(transaction, request, default), default);
        foreach (var job in await rig.Queue.Page(Rig.Org, new() { Group = id }, null, 10, default))
        {
            Assert.True(await rig.Cancel(job.Id));
        }

        Assert.NotNull((await rig.Queue.FindGroup(Rig.Org, id, default))!.NextJob);
        await Assert.ThrowsAsync<ArgumentException>(() => rig.Database.Write(
            transaction => rig.Queue.EnqueueGroup(transaction, request with { Jobs = [new JobRequest("other", "work", "1")] }, default), default));
    }

    [SkippableFact]
    public async Task A_failure_that_knows_when_to_try_again_is_tried_then()
    {
        await using var rig = await StartOnFakeClock();
        rig.Handle("work", (run, _) => run.Attempt == 1 ? throw new RetryLaterException(TimeSpan.FromHours(3), "asked too often") : Task.CompletedTask);
        rig.Handle("own", (_, _) => throw new IOException("no"), new JobPolicy { RetryBase = TimeSpan.FromHours(1), RetryCap = TimeSpan.FromHours(1) });
        await rig.Work(Rig.Quick with { Lease = TimeSpan.FromDays(1) });
        var (polite, own) = (await rig.Enqueue(), await rig.Enqueue("own"));

        var job = await rig.Until(polite, JobState.Retrying);
        Assert.Equal((rig.Time.GetUtcNow().AddHours(3), "asked too often"), (job.DueAt, job.Error));
        Assert.InRange(((await rig.Until(own, JobState.Retrying)).DueAt - rig.Time.GetUtcNow()).TotalMinutes, 30, 60);
    }

    [SkippableFact]
    public async Task Dead_jobs_are_grouped_by_kind_of_error_and_all_of_a_kind_run_again_but_those_that_die_meanwhile()
    {
        await using var rig = await Start();
        var mended = false;
        rig.Handle("work", (run, _) => mended ? Task.CompletedTask : throw new JobFailedException(
            run.Arguments.GetInt32() % 2 == 0 ? $"Could not reach web{run.Arguments.GetInt32()} at 10.0.0.{run.Arguments.GetInt32()}:22." : $"The table “t{run.Arguments.GetInt32()}” is locked."));
        await rig.Work();
        await rig.EnqueueMany(Enumerable.Range(0, 450).Select(i => new JobRequest(Rig.Org, "work", $"{i}")));
        await Eventually.Holds(async () => await rig.Database.Query<long>("select count(*) from jobs where state = 'dead'") == 450);
        var kinds = await rig.Monitor.DeadKinds(Rig.Org, default);
        Assert.Equal([225, 225], kinds.Select(kind => kind.Jobs));
        var reach = kinds.Single(kind => kind.Signature!.StartsWith("Could not reach", StringComparison.Ordinal));
        var newer = await rig.Enqueue(arguments: "500");
        await rig.Until(newer, JobState.Dead);

        mended = true;
        var scope = new DeadScope(reach.NewestId) { Type = "work", Signature = reach.Signature };
        var jobs = 0;
        for (var after = ""; after is not null;)
        {
            var done = await rig.Database.Write(transaction => rig.Queue.RetryDead(transaction, Rig.Org, scope, after, default), default);
            (jobs, after) = (jobs + done.Jobs, done.Next);
        }

        Assert.Equal(225, jobs);
        await Eventually.Holds(async () => await rig.Database.Query<long>("select count(*) from jobs where state = 'succeeded'") == 225);
        Assert.Equal(JobState.Dead, (await rig.Job(newer)).State);
    }

    [SkippableFact]
    public async Task Ended_jobs_go_when_their_class_is_over_dead_ones_later_and_unfinished_ones_never()
    {
        await using var rig = await StartOnFakeClock();
        rig.Handle("work", (run, _) => run.Arguments.GetInt32() == 0 ? Task.CompletedTask : throw new JobFailedException("no"));
        var worker = await rig.Work();
        var ids = new List<string>();
        foreach (var history in new[] { JobHistory.Brief, JobHistory.Normal, JobHistory.Lasting })
        {
            ids.Add(await rig.Enqueue(arguments: "0", with: request => request with { History = history }));
            ids.Add(await rig.Enqueue(arguments: "1", with: request => request with { History = history }));
        }

        var open = await rig.Enqueue(arguments: "0", with: request => request with { History = JobHistory.Brief, NotBefore = rig.Time.GetUtcNow().AddYears(9) });
        await Assert.AllAsync(ids, async id => await rig.Until(id, job => job.EndedAt is not null));
        await worker.StopAsync(default);

        foreach (var (days, left) in new[] { (2, 6), (4, 5), (31, 4), (91, 3), (401, 2), (1201, 1) })
        {
            rig.Fake.SetUtcNow(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero).AddDays(days));
            await using var pruner = await rig.Work(Rig.Quick with { Concurrency = 0 });
            await Eventually.Holds(async () => await rig.Database.Query<long>("select count(*) from jobs") == left);
        }

        Assert.Equal(JobState.Scheduled, (await rig.Job(open)).State);
    }

    [SkippableFact]
    public async Task A_worker_says_what_it_is_and_does_and_how_long_jobs_waited_and_ran()
    {
        await using var rig = await Start();
        rig.Handle("work", (run, _) => run.Arguments.GetInt32() == 0 ? Task.Delay(20, CancellationToken.None) : throw new JobFailedException("no"));
        await rig.EnqueueMany(Enumerable.Range(0, 40).Select(i => new JobRequest(Rig.Org, "work", i < 36 ? "0" : "1")));
        var worker = await rig.Work(Rig.Quick with { Version = "1.2.3", Queues = ["default"] });
        await Eventually.Holds(async () => await rig.Database.Query<long>("select count(*) from jobs where ended_at is not null") == 40);
        var from = rig.Time.GetUtcNow().AddMinutes(-5);
        await Eventually.Holds(async () => (await rig.Monitor.Stats(Rig.Org, from, TimeSpan.FromHours(1), null, default)).Sum(step => step.Succeeded + step.Dead) == 40);

        var stats = await rig.Monitor.Stats(Rig.Org, from, TimeSpan.FromDays(1), "work", default);
        Assert.Equal((36, 4, 0), (stats.Sum(step => step.Succeeded), stats.Sum(step => step.Dead), stats.Sum(step => step.Cancelled)));
        // In powers of two; a busy machine takes its time.
        Assert.InRange(stats[0].Run.P50.TotalMilliseconds, 32, 1024);
        Assert.Empty(await rig.Monitor.Stats("other", from, TimeSpan.FromDays(1), null, default));
        await Eventually.Holds(async () => (await rig.Monitor.Workers(default)).Single().Done == 40);
        await worker.StopAsync(default);
        var row = Assert.Single(await rig.Monitor.Workers(default));
        Assert.Equal((worker.Name, "1.2.3", 0, 4), (row.Name, row.Version, row.Running, row.Concurrency));
        Assert.NotNull(row.StoppedAt);
        await rig.Enqueue(with: request => request with { Queue = "proofs" });
        Assert.Equal([("default", 0), ("proofs", 1)], (await rig.Monitor.Backlog(default)).Select(queue => (queue.Queue, (int)queue.Ready)));
    }

    [SkippableFact]
    public async Task A_job_that_kills_its_worker_twice_is_kept_from_the_rest_and_its_neighbours_are_not()
    {
        await using var rig = await Start();
        var goOn = new TaskCompletionSource();
        rig.Handle("poison", (_, cancel) => Forever(cancel));
        rig.Handle("work", (run, _) => run.Attempt == 1 ? goOn.Task : Task.CompletedTask);
        await rig.Work(Rig.Quick with { Concurrency = 0, MostCrashes = 2 });
        var (poison, innocent) = (await rig.Enqueue("poison"), await rig.Enqueue());
        for (var death = 1; death <= 2; death++)
        {
            var cut = new CuttableDatabase(rig.Database);
            await rig.WorkElsewhere(Rig.Quick with { Lease = TimeSpan.FromMilliseconds(400), StopGrace = TimeSpan.FromMilliseconds(100), Suspicion = TimeSpan.FromMinutes(1) }, cut);
            await rig.Until(poison, job => job.State == JobState.Running && job.Attempt == death);
            cut.IsCut = true;
            await rig.Until(poison, job => job.State != JobState.Running);
        }

        var dead = await rig.Until(poison, JobState.Dead);
        Assert.Contains("2 times in a row", dead.Error, StringComparison.Ordinal);
        Assert.NotEqual(JobState.Dead, (await rig.Job(innocent)).State);
        await rig.Work();
        await rig.Until(innocent, JobState.Succeeded);
        goOn.SetResult();
        Assert.Equal(JobState.Dead, (await rig.Job(poison)).State);
    }
}
