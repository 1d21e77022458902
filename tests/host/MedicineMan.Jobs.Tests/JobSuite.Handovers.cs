using System.Collections.Concurrent;
using MedicineMan.Jobs.Enqueueing;
using MedicineMan.Jobs.Pausing;
using MedicineMan.Testbed;

namespace MedicineMan.Jobs.Tests;

/// Jobs that a worker takes while they are enqueued in its process.
public abstract partial class JobSuite
{
    private static readonly JobRequest Plain = new(Rig.Org, "work", "{}");

    [SkippableFact]
    public async Task A_job_enqueued_beside_a_worker_without_work_runs_from_the_start()
    {
        await using var rig = await Start();
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        rig.Handle("work", (_, _) => goOn.Task);
        var worker = await rig.Work();
        await HasNothingToDo(rig);

        var job = await rig.Job(await rig.Queue.Enqueue(Plain with { Title = "now", Deadline = rig.Time.GetUtcNow().AddHours(1) }, default));
        Assert.Equal((JobState.Running, 1, worker.Name), (job.State, job.Attempt, job.Worker));
        Assert.NotNull(job.StartedAt);
        goOn.SetResult();
        var done = await rig.Until(job.Id, JobState.Succeeded);
        Assert.Equal((1, 0, "now"), (done.Attempt, done.Failures, done.Title));
        Assert.Equal("succeeded", Assert.Single(await rig.Attempts(job.Id)).Outcome);
    }

    [SkippableFact]
    public async Task What_something_holds_back_waits_though_a_worker_has_nothing_to_do()
    {
        await using var rig = await Start();
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        rig.Handle("work", (_, _) => goOn.Task);
        rig.Handle("held", (_, _) => Task.CompletedTask);
        rig.Handle("rare", (_, _) => Task.CompletedTask, new JobPolicy { PerSecond = 0.001 });
        foreach (var pause in new[] { new JobPause(Rig.Org, PauseKind.Type, "held"), new JobPause("zoo", PauseKind.All, ""), new JobPause(JobPause.Everybody, PauseKind.Queue, "nightly") })
        {
            await rig.Database.Write(transaction => rig.Pauses.Pause(transaction, pause, "ada", default), default);
        }

        await rig.Work(Rig.Quick with { Queues = ["default", "nightly"] });
        JobRequest[] waiting =
        [
            Plain with { Type = "held" }, Plain with { Organization = "zoo" }, Plain with { Queue = "nightly" }, Plain with { Queue = "others" }, Plain with { NotBefore = rig.Time.GetUtcNow().AddHours(1) },
        ];
        var runs = await Enqueue(Plain with { ConcurrencyKey = "one", UniqueKey = "only" });
        Assert.Equal(runs, await Enqueue(Plain with { ConcurrencyKey = "one", UniqueKey = "only" }));
        await rig.Until(runs, JobState.Running);
        var behind = await Enqueue(Plain with { ConcurrencyKey = "one" });
        var second = await Enqueue(Plain with { SecondKey = "two" });
        var behindSecond = await Enqueue(Plain with { SecondKey = "two" });
        await rig.Until(await Enqueue(Plain with { Type = "rare" }), JobState.Succeeded);
        var rare = await Enqueue(Plain with { Type = "rare" });
        foreach (var request in waiting)
        {
            await Enqueue(request);
        }

        await rig.Until(second, JobState.Running);
        await Task.Delay(300);
        Assert.Equal([runs, second], (await rig.Queue.List(Rig.Org, new() { State = JobState.Running }, null, 10, default)).Rows.Select(job => job.Id).Order(StringComparer.Ordinal));
        Assert.Equal(waiting.Length + 3, await rig.Database.Query<long>("select count(*) from jobs where state in ('ready', 'scheduled') and attempt = 0"));
        Assert.All(new[] { behind, behindSecond, rare }, id => Assert.Null(rig.Job(id).Result.StartedAt));
        goOn.SetResult();
        await rig.Until(behind, JobState.Succeeded);
        await rig.Until(behindSecond, JobState.Succeeded);

        async Task<string> Enqueue(JobRequest request)
        {
            await HasNothingToDo(rig);
            return await rig.Queue.Enqueue(request, default);
        }
    }

    [SkippableFact]
    public async Task A_worker_of_one_place_that_is_always_handed_the_next_job_comes_to_those_of_others()
    {
        await using var rig = await Start();
        var order = new ConcurrentQueue<string>();
        rig.Handle("work", (run, _) => { order.Enqueue(run.Organization); return Task.CompletedTask; });
        await rig.Work(Rig.Quick with { Concurrency = 1, Reserve = 0, PollInterval = TimeSpan.FromHours(1) });
        await HasNothingToDo(rig);
        using var enough = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                await rig.Queue.Enqueue(Plain, default);
                await Task.Delay(1);
            }
        })).ToArray();
        await Eventually.Holds(() => Task.FromResult(order.Count > 50));

        await rig.EnqueueMany([Plain with { Organization = "zoo" }]);
        // It never would, without a look at all lanes now and then: no tick of the clock makes one here.
        await Eventually.Holds(() => Task.FromResult(order.Contains("zoo")), seconds: 10);

        await enough.CancelAsync();
        await Task.WhenAll(callers);
        await Eventually.Holds(async () => await rig.Database.Query<long>("select count(*) from jobs where state <> 'succeeded'") == 0);
        Assert.Equal(order.Count, await rig.Database.Query<long>("select sum(attempt) from jobs"));
    }

    [SkippableFact]
    public async Task A_job_that_could_not_be_enqueued_leaves_its_place_to_the_next()
    {
        await using var rig = await Start();
        var runs = 0;
        rig.Handle("work", (_, _) => { Interlocked.Increment(ref runs); return Task.CompletedTask; });
        await rig.Work(Rig.Quick with { Concurrency = 1 });
        var line = new CuttableDatabase(rig.Database) { IsCut = true };
        var queue = new JobQueue(line, rig.Time, rig.Changes);
        await HasNothingToDo(rig);

        await Assert.ThrowsAsync<IOException>(() => queue.Enqueue(Plain, default));
        line.IsCut = false;
        await rig.Until(await queue.Enqueue(Plain, default), JobState.Succeeded);

        Assert.Equal((1, 1), (runs, await rig.Database.Query<long>("select count(*) from jobs")));
    }

    [SkippableFact]
    public async Task A_job_that_is_there_though_its_enqueueing_seemed_to_fail_goes_back_and_runs_once()
    {
        await using var rig = await Start();
        var runs = 0;
        rig.Handle("work", (_, _) => { Interlocked.Increment(ref runs); return Task.CompletedTask; });
        await rig.Work();
        var (job, handover) = await Taken(rig);

        await Insert(rig, job);
        Assert.Equal(JobState.Running, (await rig.Job(job.Id)).State);
        handover.Withdraw();

        var done = await rig.Until(job.Id, JobState.Succeeded);
        Assert.Equal((1, 0, 0L), (runs, done.Failures, await rig.Database.Query<long>("select crashes from jobs")));
    }

    [SkippableFact]
    public async Task A_job_whose_process_died_before_it_could_start_is_taken_over()
    {
        await using var rig = await Start();
        var runs = 0;
        rig.Handle("work", (_, _) => { Interlocked.Increment(ref runs); return Task.CompletedTask; });
        var worker = await rig.Work();
        var (job, handover) = await Taken(rig);
        await Insert(rig, job);

        var other = await rig.WorkElsewhere();

        var done = await rig.Until(job.Id, JobState.Succeeded);
        Assert.Equal((1, 1L), (runs, await rig.Database.Query<long>("select count(*) from job_attempts where outcome = 'lost'")));
        Assert.Contains(done.Worker, new[] { worker.Name, other.Name });
        handover.Withdraw();
    }

    [SkippableFact]
    public async Task A_worker_that_stops_waits_for_what_it_is_being_handed_and_takes_no_more()
    {
        await using var rig = await Start();
        rig.Handle("work", (_, cancel) => Task.Delay(300, cancel));
        var worker = await rig.Work();
        var (job, handover) = await Taken(rig);

        var stopping = worker.StopAsync(default);
        await Task.Delay(200);
        Assert.False(stopping.IsCompleted);
        Assert.Null(rig.Changes.Takers.Take(NewJob.Of(Plain, rig.Time.GetUtcNow(), new JobIds())));
        await Insert(rig, job);
        handover.Start();
        await stopping;

        Assert.Equal(JobState.Succeeded, (await rig.Job(job.Id)).State);
        Assert.Equal(JobState.Ready, (await rig.Job(await rig.Queue.Enqueue(Plain, default))).State);
    }

    private static Task HasNothingToDo(Rig rig) => Eventually.Holds(() =>
    {
        var handover = rig.Changes.Takers.Take(NewJob.Of(Plain, rig.Time.GetUtcNow(), new JobIds()));
        handover?.Withdraw();
        return Task.FromResult(handover is not null);
    });

    private static async Task<(NewJob Job, Handover Handover)> Taken(Rig rig)
    {
        Handover? handover = null;
        var job = NewJob.Of(Plain, rig.Time.GetUtcNow(), new JobIds());
        await Eventually.Holds(() => Task.FromResult((handover = rig.Changes.Takers.Take(job)) is not null));
        return (job with { Taken = handover }, handover!);
    }

    private static async Task Insert(Rig rig, NewJob job) =>
        await rig.Database.Write(transaction => Insertion.Insert(transaction, [job], null, default), default);
}
