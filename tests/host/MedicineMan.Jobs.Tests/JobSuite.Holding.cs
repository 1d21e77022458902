using System.Collections.Concurrent;
using MedicineMan.Jobs.Pausing;
using MedicineMan.Testbed;

namespace MedicineMan.Jobs.Tests;

/// What holds a job back though nobody is before it: pauses, rates, deadlines.
public abstract partial class JobSuite
{
    [SkippableFact]
    public async Task A_paused_type_a_paused_queue_and_a_paused_organisation_wait_and_go_on_when_they_are_resumed()
    {
        await using var rig = await Start();
        rig.Handle("held", (_, _) => Task.CompletedTask);
        rig.Handle("work", (_, _) => Task.CompletedTask);
        JobPause[] pauses = [new(Rig.Org, PauseKind.Type, "held"), new(JobPause.Everybody, PauseKind.Queue, "nightly"), new("other", PauseKind.All, "")];
        foreach (var pause in pauses)
        {
            Assert.True(await rig.Database.Write(transaction => rig.Pauses.Pause(transaction, pause, "ada", default), default));
            Assert.False(await rig.Database.Write(transaction => rig.Pauses.Pause(transaction, pause, "bob", default), default));
        }

        await rig.Work();
        var held = await rig.Enqueue("held");
        var nightly = await rig.Enqueue(with: request => request with { Queue = "nightly" });
        await rig.EnqueueMany([new JobRequest("other", "work", "{}")]);
        await rig.Until(await rig.Enqueue(), JobState.Succeeded);
        await rig.Until(held, job => job.Wait == JobWait.Pause);
        await Task.Delay(200);

        Assert.Equal(3, await rig.Database.Query<long>("select count(*) from jobs where state = 'ready'"));
        Assert.Equal(["nightly", "held"], (await rig.Pauses.List(Rig.Org, default)).Select(pause => pause.Name));
        foreach (var pause in pauses)
        {
            Assert.True(await rig.Database.Write(transaction => rig.Pauses.Resume(transaction, pause, default), default));
        }

        await rig.Until(held, JobState.Succeeded);
        await rig.Until(nightly, JobState.Succeeded);
        await Eventually.Holds(async () => await rig.Database.Query<long>("select count(*) from jobs where state = 'succeeded'") == 4);
    }

    [SkippableFact]
    public async Task A_job_whose_worker_died_waits_with_its_queue_when_that_is_paused()
    {
        await using var rig = await Start();
        rig.Handle("work", (_, _) => Task.CompletedTask);
        var suspect = await rig.Enqueue();
        await rig.Database.Execute("update jobs set crashes = 1, lane = '~suspect'");
        var pause = new JobPause(Rig.Org, PauseKind.Queue, "default");
        await rig.Database.Write(transaction => rig.Pauses.Pause(transaction, pause, "ada", default), default);
        await rig.Work();
        await Task.Delay(300);

        Assert.Equal((JobState.Ready, JobWait.Suspicion), ((await rig.Job(suspect)).State, (await rig.Job(suspect)).Wait));
        await rig.Database.Write(transaction => rig.Pauses.Resume(transaction, pause, default), default);
        await rig.Until(suspect, JobState.Succeeded);
    }

    [SkippableFact]
    public async Task A_worker_without_work_takes_the_next_job_quickly_but_nothing_that_must_wait()
    {
        await using var rig = await Start();
        var order = new ConcurrentQueue<string>();
        rig.Handle("work", async (run, cancel) =>
        {
            order.Enqueue(run.Organization);
            await Task.Delay(20, cancel);
        });
        var worker = await rig.Work(Rig.Quick with { Concurrency = 1, Reserve = 0 });
        await Idle();

        var pause = new JobPause(Rig.Org, PauseKind.Type, "work");
        await rig.Database.Write(transaction => rig.Pauses.Pause(transaction, pause, "ada", default), default);
        await Task.Delay(200);
        var late = await rig.Enqueue(with: request => request with { Deadline = rig.Time.GetUtcNow().AddMilliseconds(100) });
        var held = await rig.Enqueue();
        await rig.Until(held, job => job.Wait == JobWait.Pause);
        await Task.Delay(150);
        await rig.Database.Write(transaction => rig.Pauses.Resume(transaction, pause, default), default);
        await rig.Until(held, JobState.Succeeded);
        Assert.Equal(0, (await rig.Until(late, JobState.Dead)).Attempt);
        await Idle();

        order.Clear();
        await rig.EnqueueMany([.. Enumerable.Range(0, 20).Select(_ => new JobRequest(Rig.Org, "work", "{}")), new JobRequest("zoo", "work", "{}")]);
        await Eventually.Holds(() => Task.FromResult(order.Count == 21));
        Assert.InRange(order.ToList().IndexOf("zoo"), 0, 3);

        async Task Idle()
        {
            await rig.Until(await rig.Enqueue(), JobState.Succeeded);
            await Eventually.Holds(() => Task.FromResult(worker.Running == 0));
            await Task.Delay(100);
        }
    }

    [SkippableFact]
    public async Task A_type_with_a_rate_starts_no_faster_however_many_workers_there_are()
    {
        await using var rig = await Start();
        var starts = new ConcurrentQueue<long>();
        rig.Handle("slow", (_, _) => { starts.Enqueue(TimeProvider.System.GetTimestamp()); return Task.CompletedTask; }, new JobPolicy { PerSecond = 20 });
        await rig.EnqueueMany(Enumerable.Range(0, 30).Select(_ => new JobRequest(Rig.Org, "slow", "{}")));
        await rig.WorkElsewhere();
        await rig.WorkElsewhere();

        await Eventually.Holds(async () => (await rig.Queue.Page(Rig.Org, new() { State = JobState.Scheduled }, null, 1, default)) is [{ Wait: JobWait.Rate }]);
        await Eventually.Holds(() => Task.FromResult(starts.Count == 30));

        var took = TimeProvider.System.GetElapsedTime(starts.Min(), starts.Max());
        Assert.True(took > TimeSpan.FromSeconds(1.2), $"30 jobs at 20 a second took {took}.");
    }

    [SkippableFact]
    public async Task A_job_past_its_deadline_does_not_start_and_one_that_runs_into_it_is_stopped_for_good()
    {
        await using var rig = await Start();
        rig.Handle("work", (_, cancel) => Forever(cancel));
        var waiting = await rig.Enqueue(with: request => request with { Deadline = rig.Time.GetUtcNow().AddMilliseconds(100), Queue = "nobody" });
        var late = await rig.Enqueue(with: request => request with { Deadline = rig.Time.GetUtcNow().AddMilliseconds(100) });
        await Task.Delay(150);
        await rig.Work(Rig.Quick with { Queues = ["default"] });
        var runs = await rig.Enqueue(with: request => request with { Deadline = rig.Time.GetUtcNow().AddSeconds(3) });

        Assert.Contains("deadline", (await rig.Until(waiting, JobState.Dead)).Error, StringComparison.Ordinal);
        Assert.Equal(0, (await rig.Until(late, JobState.Dead)).Attempt);
        var stopped = await rig.Until(runs, JobState.Dead);
        Assert.Equal((1, "Its deadline passed before it had ended."), (stopped.Attempt, stopped.Error));
        await Assert.ThrowsAsync<ArgumentException>(() => rig.Enqueue(with: request => request with { Deadline = rig.Time.GetUtcNow().AddSeconds(-1) }));
    }
}
