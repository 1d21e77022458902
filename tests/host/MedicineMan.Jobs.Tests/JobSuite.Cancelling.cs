using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Tests;

public abstract partial class JobSuite
{
    [SkippableFact]
    public async Task A_waiting_job_is_cancelled_at_once_in_whatever_way_it_waits()
    {
        await using var rig = await Start();
        rig.Handle("fail", (_, _) => throw new InvalidOperationException("no"));
        var scheduled = await rig.Enqueue(with: request => request with { NotBefore = rig.Time.GetUtcNow().AddHours(1) });
        var ready = await rig.Enqueue("fail");
        Assert.True(await rig.Cancel(ready));
        var retrying = await rig.Enqueue("fail");
        await rig.Work(Rig.Quick with { RetryBase = TimeSpan.FromHours(1), RetryCap = TimeSpan.FromHours(1) });
        await rig.Until(retrying, JobState.Retrying);

        Assert.True(await rig.Cancel(scheduled));
        Assert.True(await rig.Cancel(retrying));

        await Assert.AllAsync([scheduled, ready, retrying], async id => Assert.Equal(JobState.Cancelled, (await rig.Job(id)).State));
        Assert.False(await rig.Cancel(ready));
        Assert.False(await rig.Database.Write(transaction => rig.Queue.Cancel(transaction, "other", scheduled, default), default));
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_running_job_hears_within_two_seconds_that_it_is_to_stop(bool sameNode)
    {
        await using var rig = await Start();
        rig.Handle("work", (_, cancel) => Forever(cancel));

        // An hour between heartbeats: only the signal, or from another node the safety net of looking every second, can bring the word.
        var poll = sameNode ? TimeSpan.FromHours(1) : TimeSpan.FromSeconds(1);
        var options = Rig.Quick with { Heartbeat = TimeSpan.FromHours(1), Lease = TimeSpan.FromHours(2), PollInterval = poll };
        await (sameNode ? rig.Work(options) : rig.WorkElsewhere(options));
        var id = await rig.Enqueue();
        await rig.Until(id, JobState.Running);
        await Task.Delay(200);

        var asked = DateTime.UtcNow;
        Assert.True(await rig.Cancel(id));
        await rig.Until(id, JobState.Cancelled);

        Assert.True(DateTime.UtcNow - asked < TimeSpan.FromSeconds(2), $"It took {DateTime.UtcNow - asked}.");
        Assert.Equal("cancelled", Assert.Single(await rig.Attempts(id)).Outcome);
    }

    [SkippableFact]
    public async Task A_handler_that_ignores_cancellation_is_abandoned_and_can_change_nothing_any_more()
    {
        await using var rig = await Start();
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var late = new TaskCompletionSource<Exception?>();
        rig.Handle("work", async (run, _) =>
        {
            await goOn.Task;
            run.Log("too late");
            late.SetResult(await Record.ExceptionAsync(() => run.CheckLease(default)));
        });
        await rig.Work(Rig.Quick with { Grace = TimeSpan.FromMilliseconds(300), Concurrency = 1 });
        var id = await rig.Enqueue();
        await rig.Until(id, JobState.Running);

        await rig.Cancel(id);
        var job = await rig.Until(id, JobState.Cancelled);
        goOn.SetResult();

        Assert.Contains("abandoned", job.Error, StringComparison.Ordinal);
        Assert.IsType<LeaseLostException>(await late.Task);
        Assert.Empty(await rig.Queue.Log(Rig.Org, id, 0, 10, default));
        rig.Handle("next", (_, _) => Task.CompletedTask);
        await rig.Until(await rig.Enqueue("next"), JobState.Succeeded);
    }

    [SkippableFact]
    public async Task A_job_that_fails_while_it_is_being_cancelled_is_cancelled_and_not_retried()
    {
        await using var rig = await Start();
        rig.Handle("work", async (_, cancel) =>
        {
            await Record.ExceptionAsync(() => Forever(cancel));
            throw new IOException("the pipe broke");
        });
        await rig.Work();
        var id = await rig.Enqueue();
        await rig.Until(id, JobState.Running);

        await rig.Cancel(id);

        Assert.Equal("IOException: the pipe broke", (await rig.Until(id, JobState.Cancelled)).Error);
    }
}
