using System.Collections.Concurrent;
using MedicineMan.Jobs.TestWorker;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Tests;

public abstract partial class JobSuite
{
    [SkippableFact]
    public async Task Several_workers_run_each_of_many_jobs_exactly_once()
    {
        await using var rig = await Start();
        rig.Handlers.Register(new CountHandler(rig.Database, () => TimeSpan.FromMilliseconds(Random.Shared.Next(0, 5))));
        var ids = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => rig.Enqueue("count")));
        for (var i = 0; i < 4; i++)
        {
            await rig.WorkElsewhere();
        }

        foreach (var id in ids)
        {
            var job = await rig.Until(id, JobState.Succeeded);
            Assert.Equal((1, 0), (job.Attempt, job.Failures));
        }

        Assert.Equal(200, await rig.Database.Query<long>("select count(*) from effects"));
        Assert.Equal(200, await rig.Database.Query<long>("select count(*) from jobs where state = 'succeeded'"));
        Assert.Equal(200, await rig.Database.Query<long>("select count(*) from job_log"));
        Assert.InRange(await rig.Database.Query<long>("select count(distinct worker) from jobs"), 2, 4);
    }

    [SkippableFact]
    public async Task Two_running_jobs_never_share_a_concurrency_key()
    {
        await using var rig = await Start();
        var running = new ConcurrentDictionary<string, int>();
        var most = 0;
        rig.Handle("work", async (run, cancel) =>
        {
            var key = run.Arguments.GetString()!;
            var now = running.AddOrUpdate(key, 1, (_, count) => count + 1);
            lock (running)
            {
                most = Math.Max(most, now);
            }

            await Task.Delay(5, cancel);
            running.AddOrUpdate(key, 0, (_, count) => count - 1);
        });
        var ids = new List<string>();
        for (var i = 0; i < 60; i++)
        {
            var key = $"server {i % 3}";
            ids.Add(await rig.Enqueue(with: request => request with { ConcurrencyKey = key }, arguments: $"\"{key}\""));
        }

        var free = await rig.Enqueue(arguments: "\"free\"");
        for (var i = 0; i < 3; i++)
        {
            await rig.WorkElsewhere();
        }

        await rig.Until(free, JobState.Succeeded);
        foreach (var id in ids)
        {
            await rig.Until(id, JobState.Succeeded);
        }

        Assert.Equal(1, most);
    }

    [SkippableFact]
    public async Task A_failing_job_is_retried_with_growing_pauses_until_it_is_dead_and_a_person_can_retry_it()
    {
        await using var rig = await StartOnFakeClock();
        var runs = 0;
        rig.Handle("work", (_, _) => ++runs <= 4 ? throw new InvalidOperationException($"no luck {runs}") : Task.CompletedTask);
        await rig.Work(Rig.Quick with
        {
            RetryBase = TimeSpan.FromSeconds(10), RetryCap = TimeSpan.FromSeconds(30), PollInterval = TimeSpan.FromSeconds(1), Lease = TimeSpan.FromDays(1),
        });
        var id = await rig.Enqueue(with: request => request with { MaxAttempts = 4 });

        foreach (var (attempt, most) in new[] { (1, 10), (2, 20), (3, 30) })
        {
            var waiting = await rig.Until(id, job => job.State == JobState.Retrying && job.Attempt == attempt);
            var pause = waiting.DueAt - rig.Time.GetUtcNow();
            Assert.Equal($"InvalidOperationException: no luck {attempt}", waiting.Error);
            Assert.InRange(pause.TotalSeconds, most / 2.0, most);
            rig.Fake.Advance(pause - TimeSpan.FromSeconds(1));
            await Task.Delay(100);
            Assert.Equal(JobState.Retrying, (await rig.Job(id)).State);
            rig.Fake.Advance(TimeSpan.FromSeconds(2));
        }

        var dead = await rig.Until(id, JobState.Dead);
        Assert.Equal((4, 4, "InvalidOperationException: no luck 4"), (dead.Attempt, dead.Failures, dead.Error));
        Assert.True(await rig.Retry(id));
        var done = await rig.Until(id, JobState.Succeeded);
        Assert.Equal((5, 0, null), (done.Attempt, done.Failures, done.Error));
        Assert.Equal(
            ["failed", "failed", "failed", "failed", "succeeded"], (await rig.Attempts(id)).Select(attempt => attempt.Outcome));
        Assert.False(await rig.Retry(id));
    }

    [SkippableFact]
    public async Task A_permanent_failure_is_dead_at_once_with_its_own_words()
    {
        await using var rig = await Start();
        rig.Handle("work", (_, _) => throw new JobFailedException("There is no disk /dev/sdz on web1. Choose another one."));
        rig.Handle("host", (_, _) => throw new NotSupportedException("host says no"));
        await rig.Work(Rig.Quick with
        {
            Classify = exception => exception is NotSupportedException ? new(true, exception.Message) : JobFailure.From(exception),
        });

        var job = await rig.Until(await rig.Enqueue(), JobState.Dead);
        Assert.Equal((1, "There is no disk /dev/sdz on web1. Choose another one."), (job.Attempt, job.Error));
        job = await rig.Until(await rig.Enqueue("host"), JobState.Dead);
        Assert.Equal("host says no", job.Error);
    }

    [SkippableFact]
    public async Task A_job_nobody_can_run_is_kept_with_the_reason_until_somebody_can()
    {
        await using var rig = await Start();
        await rig.Work();
        var id = await rig.Enqueue("plugin/dance", request => request with { MaxAttempts = 1 });

        var kept = await rig.Until(id, job => job.Attempt >= 3);
        Assert.Contains("plugin/dance", (await rig.Until(id, JobState.Retrying)).Error, StringComparison.Ordinal);
        Assert.Equal(0, kept.Failures);
        rig.Handle("plugin/dance", (_, _) => Task.CompletedTask);
        await rig.Until(id, JobState.Succeeded);
    }

    [SkippableFact]
    public async Task Stored_arguments_that_do_not_parse_are_dead_with_the_reason_and_stop_nobody()
    {
        await using var rig = await Start();
        rig.Handle("work", (_, _) => Task.CompletedTask);
        var id = await rig.Enqueue();
        await rig.Database.Execute("update jobs set arguments = '{\"broken\": '");
        await rig.Work();

        Assert.Contains("not JSON", (await rig.Until(id, JobState.Dead)).Error, StringComparison.Ordinal);
        await rig.Until(await rig.Enqueue(), JobState.Succeeded);
    }

    [SkippableFact]
    public async Task Text_that_no_database_takes_does_not_keep_a_job_from_ending()
    {
        await using var rig = await Start();
        rig.Handle("work", (run, _) =>
        {
            run.Log("nul \0 half \ud800 end");
            run.Progress(new JobProgress("st\0age", 1));
            throw new InvalidOperationException("nul \0 half \udfff end '\"\n" + new string('x', 100_000));
        });
        await rig.Work();

        var job = await rig.Until(await rig.Enqueue(with: request => request with { MaxAttempts = 1 }), JobState.Dead);

        Assert.StartsWith("InvalidOperationException: nul \ufffd half \ufffd end '\"\n", job.Error, StringComparison.Ordinal);
        Assert.Equal("nul \ufffd half \ufffd end", Assert.Single(await rig.Queue.Log(Rig.Org, job.Id, 0, 10, default)).Message);
    }

    [SkippableFact]
    public async Task Progress_is_thinned_out_and_log_lines_keep_their_order()
    {
        await using var rig = await Start();
        var line = new CuttableDatabase(rig.Database);
        rig.Handle("work", async (run, cancel) =>
        {
            for (var i = 1; i <= 300; i++)
            {
                run.Progress(new JobProgress("dump", i, 300, "rows", $"table {i}"));
                run.Log($"line {i}");
                await Task.Delay(4, cancel);
            }
        });
        var id = await rig.Enqueue();
        await rig.WorkElsewhere(Rig.Quick with { Heartbeat = TimeSpan.FromHours(1), Report = TimeSpan.FromHours(1), Lease = TimeSpan.FromHours(2), PollInterval = TimeSpan.FromHours(1), LogLines = 290 }, line);
        await rig.Until(id, job => job.Progress is { Done: > 50 and < 300 });
        var job = await rig.Until(id, JobState.Succeeded);

        Assert.Equal(new JobProgress("dump", 300, 300, "rows", "table 300"), job.Progress);
        Assert.True((job.EndedAt - job.StartedAt)!.Value.TotalMilliseconds > 1000);

        // Start, end, the worker's own row, a look at the history, claims that found nothing, and two a second between; on SQLite each is followed by the empty write that tells when it is through.
        var most = 12 + (int)Math.Ceiling((job.EndedAt - job.StartedAt)!.Value.TotalSeconds * 2);
        Assert.InRange(line.Writes, 4, rig.Database.Dialect == SqlDialect.Sqlite ? most * 2 : most);
        var first = await rig.Queue.Log(Rig.Org, id, 0, 200, default);
        var rest = await rig.Queue.Log(Rig.Org, id, first[^1].Id, 200, default);
        var lines = first.Concat(rest).Select(entry => entry.Message).ToList();
        Assert.Equal(Enumerable.Range(1, 290).Select(i => $"line {i}"), lines.Take(290));
        Assert.Contains("290", lines[290], StringComparison.Ordinal);
        Assert.Equal(291, lines.Count);
        Assert.Empty(await rig.Queue.Log("other", id, 0, 10, default));
    }

    [SkippableFact]
    public async Task A_checkpoint_is_there_for_the_next_attempt()
    {
        await using var rig = await Start();
        rig.Handle("work", async (run, cancel) =>
        {
            if (run.Checkpoint is null)
            {
                await run.SaveCheckpoint("""{"table":7}""", cancel);
                throw new IOException("cut");
            }

            run.Log(run.Checkpoint);
        });
        await rig.Work();

        var job = await rig.Until(await rig.Enqueue(), JobState.Succeeded);

        Assert.Equal("""{"table":7}""", Assert.Single(await rig.Queue.Log(Rig.Org, job.Id, 0, 10, default)).Message);
    }

    [SkippableFact]
    public async Task An_attempt_that_takes_too_long_is_stopped_and_counted_as_a_failure()
    {
        await using var rig = await Start();
        rig.Handle("work", (_, cancel) => Forever(cancel));
        await rig.Work();

        var job = await rig.Until(
            await rig.Enqueue(with: request => request with { TimeLimit = TimeSpan.FromMilliseconds(100), MaxAttempts = 2 }), JobState.Dead);

        Assert.Equal((2, 2), (job.Attempt, job.Failures));
        Assert.Contains("longer than its limit of 00:00:00.1", job.Error, StringComparison.Ordinal);
    }
}
