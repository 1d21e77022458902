using MedicineMan.Testbed;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Tests;

public abstract partial class JobSuite
{
    [SkippableFact]
    public async Task A_worker_that_was_away_past_its_lease_is_taken_over_and_its_result_is_discarded()
    {
        await using var rig = await Start();
        var cut = new CuttableDatabase(rig.Database);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var late = new TaskCompletionSource<Exception?>();
        rig.Handle("work", async (run, _) =>
        {
            if (run.Attempt == 1)
            {
                await goOn.Task;
                late.SetResult(await Record.ExceptionAsync(() => run.CheckLease(default)));
                throw new JobFailedException("the stale result");
            }
        });
        var id = await rig.Enqueue();
        var first = await rig.WorkElsewhere(database: cut);
        await rig.Until(id, JobState.Running);
        cut.IsCut = true;
        await rig.WorkElsewhere();

        var done = await rig.Until(id, JobState.Succeeded);
        cut.IsCut = false;
        goOn.SetResult();

        Assert.IsType<LeaseLostException>(await late.Task);
        await first.StopAsync(default);
        Assert.Equal(done, await rig.Job(id));
        Assert.Equal((2, 1), (done.Attempt, done.Failures));
        var attempts = await rig.Attempts(id);
        Assert.Equal(["lost", "succeeded"], attempts.Select(attempt => attempt.Outcome));
        Assert.NotEqual(attempts[0].Worker, attempts[1].Worker);
    }

    [SkippableFact]
    public async Task With_the_usual_settings_the_job_of_a_dead_worker_runs_elsewhere_within_seconds()
    {
        await using var rig = await Start();
        rig.Handle("work", (run, cancel) => run.Attempt == 1 ? Forever(cancel) : Task.CompletedTask);
        var cut = new CuttableDatabase(rig.Database);
        await rig.WorkElsewhere(new JobWorkerOptions(), cut);
        var id = await rig.Enqueue();
        await rig.Until(id, JobState.Running);
        cut.IsCut = true;
        var died = TimeProvider.System.GetTimestamp();
        await rig.WorkElsewhere(new JobWorkerOptions());

        await rig.Until(id, JobState.Succeeded, seconds: 40);

        // Its lease of 15 s, a look a second, and what a busy machine adds.
        Assert.InRange(TimeProvider.System.GetElapsedTime(died).TotalSeconds, 5, 22);
        cut.IsCut = false;
    }

    [SkippableFact]
    public async Task A_job_whose_workers_keep_dying_is_dead_after_its_attempts()
    {
        await using var rig = await Start();
        rig.Handle("work", (_, cancel) => Forever(cancel));
        await rig.Work(Rig.Quick with { Concurrency = 0 });
        var id = await rig.Enqueue(with: request => request with { MaxAttempts = 3 });
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            var cut = new CuttableDatabase(rig.Database);
            await rig.WorkElsewhere(Rig.Quick with { Lease = TimeSpan.FromMilliseconds(400), StopGrace = TimeSpan.FromMilliseconds(100) }, cut);
            await rig.Until(id, job => job.State == JobState.Running && job.Attempt == attempt);
            cut.IsCut = true;
            await rig.Until(id, job => job.State != JobState.Running);
        }

        var dead = await rig.Until(id, JobState.Dead);
        Assert.Equal((3, 3), (dead.Attempt, dead.Failures));
        Assert.Contains("died", dead.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_lease_that_ran_out_while_the_whole_process_slept_is_renewed_and_not_taken_from_itself()
    {
        await using var rig = await Start();
        var goOn = new TaskCompletionSource();
        rig.Handle("work", (_, _) => goOn.Task);
        await rig.Work(Rig.Quick with { Heartbeat = TimeSpan.FromHours(1), Lease = TimeSpan.FromHours(2) });
        var id = await rig.Enqueue();
        await rig.Until(id, JobState.Running);

        await rig.Database.Execute("update jobs set lease_until = 1");
        for (var end = DateTime.UtcNow.AddSeconds(10); await rig.Database.Query<long>("select lease_until from jobs") == 1;)
        {
            Assert.True(DateTime.UtcNow < end, "The lease was not renewed.");
            await Task.Delay(20);
        }

        goOn.SetResult();
        Assert.Equal(1, (await rig.Until(id, JobState.Succeeded)).Attempt);
    }

    [SkippableFact]
    public async Task A_node_that_comes_back_under_its_name_takes_its_jobs_up_again_without_waiting_for_the_lease()
    {
        using var folder = new TemporaryFolder();
        await using var rig = await Start();
        rig.Handle("work", (run, cancel) => run.Attempt == 1 ? Task.Delay(Timeout.Infinite, CancellationToken.None) : Task.CompletedTask);
        var options = Rig.Quick with
        {
            NodeFile = folder["node"], Lease = TimeSpan.FromHours(1), Heartbeat = TimeSpan.FromMinutes(1),
            Drain = TimeSpan.Zero, StopGrace = TimeSpan.FromMilliseconds(50),
        };
        var id = await rig.Enqueue();
        var first = await rig.Work(options);
        await rig.Until(id, JobState.Running);
        var twin = await rig.WorkElsewhere(options);
        Assert.NotEqual(first.Name, twin.Name);
        await twin.StopAsync(default);
        Assert.Equal(1, (await rig.Job(id)).Attempt);
        await first.StopAsync(default);
        Assert.Equal(JobState.Running, (await rig.Job(id)).State);

        var second = await rig.Work(options);
        var done = await rig.Until(id, JobState.Succeeded);

        Assert.Equal(first.Name, second.Name);
        Assert.Equal((2, 1), (done.Attempt, done.Failures));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder["node"]));
    }

    [SkippableFact]
    public async Task A_worker_that_stops_lets_short_jobs_finish_and_gives_long_ones_back_at_no_cost()
    {
        await using var rig = await Start();
        rig.Handle("short", (_, _) => Task.Delay(300, CancellationToken.None));
        rig.Handle("long", (run, cancel) => run.Attempt == 1 ? Forever(cancel) : Task.CompletedTask);
        var worker = await rig.Work(Rig.Quick with { Drain = TimeSpan.FromSeconds(1) });
        var (brief, lengthy) = (await rig.Enqueue("short"), await rig.Enqueue("long", request => request with { MaxAttempts = 1 }));
        await rig.Until(brief, JobState.Running);
        await rig.Until(lengthy, JobState.Running);

        await worker.StopAsync(default);

        Assert.Equal(JobState.Succeeded, (await rig.Job(brief)).State);
        var job = await rig.Job(lengthy);
        Assert.Equal((JobState.Ready, 0), (job.State, job.Failures));
        await rig.Work();
        await rig.Until(lengthy, JobState.Succeeded);
        Assert.Equal(["interrupted", "succeeded"], (await rig.Attempts(lengthy)).Select(attempt => attempt.Outcome));
    }

    [SkippableFact]
    public async Task An_outcome_waits_for_a_database_that_is_away_for_a_moment()
    {
        await using var rig = await Start();
        var cut = new CuttableDatabase(rig.Database);
        rig.Handle("work", (_, _) => { cut.IsCut = true; return Task.CompletedTask; });
        await rig.WorkElsewhere(Rig.Quick with { Lease = TimeSpan.FromMinutes(1) }, cut);
        var id = await rig.Enqueue();
        await rig.Until(id, JobState.Running);
        await Task.Delay(300);
        cut.IsCut = false;

        Assert.Equal(1, (await rig.Until(id, JobState.Succeeded)).Attempt);
    }

    [SkippableFact]
    public async Task A_lease_check_inside_a_transaction_holds_the_job_until_it_ends_and_renews_a_short_lease()
    {
        await using var rig = await Start();
        var (left, over) = (0L, new TaskCompletionSource());
        rig.Handle("work", async (run, cancel) =>
        {
            await rig.Database.Execute("update jobs set lease_until = lease_until - 60000");
            await run.CheckLease(cancel);
            left = await rig.Database.Query<long>("select lease_until from jobs") - rig.Time.GetUtcNow().ToUnixTimeMilliseconds();
            await rig.Database.Execute("update jobs set lease_token = lease_token + 1");
            await rig.Database.Write(
                async transaction =>
                {
                    await Assert.ThrowsAsync<LeaseLostException>(() => run.CheckLease(transaction, cancel));
                    return 0;
                },
                cancel);
            over.SetResult();
            await run.CheckLease(cancel);
        });
        await rig.Work(Rig.Quick with { Lease = TimeSpan.FromMinutes(1), Heartbeat = TimeSpan.FromMinutes(1) });
        var id = await rig.Enqueue();

        await over.Task.WaitAsync(TimeSpan.FromSeconds(10));
        await Task.Delay(200);
        Assert.InRange(left, 50_000, 60_000);
        Assert.Equal(JobState.Running, (await rig.Job(id)).State);
    }
}
