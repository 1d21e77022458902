using MedicineMan.Jobs.TestWorker;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Tests;

public abstract partial class JobSuite
{
    [SkippableFact]
    public async Task A_job_enqueued_in_a_transaction_that_rolls_back_never_was()
    {
        await using var rig = await Start();

        await Assert.ThrowsAsync<InvalidDataException>(() => rig.Database.Write<int>(
            async transaction =>
            {
                await rig.Queue.Enqueue(transaction, new JobRequest(Rig.Org, "work", "{}"), default);
                throw new InvalidDataException("no");
            },
            default));

        Assert.Empty(await rig.Queue.Page(Rig.Org, new(), null, 10, default));
    }

    [SkippableFact]
    public async Task A_unique_key_returns_the_unfinished_job_and_is_free_again_when_that_has_ended()
    {
        await using var rig = await Start();
        var first = await rig.Enqueue(with: request => request with { UniqueKey = "plan 1" });
        var second = await rig.Enqueue(with: request => request with { UniqueKey = "plan 1" });
        var foreign = await rig.Enqueue(with: request => request with { UniqueKey = "plan 1", Organization = "other" });

        Assert.Equal(first, second);
        Assert.NotEqual(first, foreign);
        Assert.True(await rig.Cancel(first));
        var third = await rig.Enqueue(with: request => request with { UniqueKey = "plan 1" });
        Assert.NotEqual(first, third);
        Assert.False(await rig.Retry(first));
    }

    [SkippableFact]
    public async Task Many_callers_with_one_unique_key_get_one_job()
    {
        await using var rig = await Start();

        var ids = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => rig.Enqueue(with: request => request with { UniqueKey = "k" }))));

        Assert.Single(ids.Distinct());
        Assert.Single(await rig.Queue.Page(Rig.Org, new(), null, 10, default));
    }

    [SkippableFact]
    public async Task Arguments_that_are_not_JSON_are_refused_at_the_door()
    {
        await using var rig = await Start();

        await Assert.ThrowsAsync<ArgumentException>(() => rig.Enqueue(arguments: "{oops"));
    }

    [SkippableFact]
    public async Task A_list_is_paged_newest_first_and_filtered_and_shows_nobody_elses_jobs()
    {
        await using var rig = await StartOnFakeClock();
        var ids = new List<string>();
        for (var i = 0; i < 25; i++)
        {
            var server = i % 2 == 0 ? "even" : null;
            ids.Add(await rig.Enqueue(i < 5 ? "early" : "late", request => request with { ServerId = server }));
            rig.Fake.Advance(TimeSpan.FromMilliseconds(i % 3 == 0 ? 0 : 5));
        }

        await rig.Enqueue(with: request => request with { Organization = "other" });
        await rig.Cancel(ids[7]);

        var seen = new List<JobRow>();
        for (string? after = null; ; after = seen[^1].Id)
        {
            var page = await rig.Queue.Page(Rig.Org, new(), after, 10, default);
            seen.AddRange(page);
            if (page.Count < 10)
            {
                break;
            }
        }

        Assert.Equal(ids.Order(), seen.Select(job => job.Id).Order());
        Assert.Equal(seen.OrderByDescending(job => job.Id, StringComparer.Ordinal), seen);
        Assert.Equal(5, (await rig.Queue.Page(Rig.Org, new() { Type = "early" }, null, 10, default)).Count);
        Assert.Equal(13, (await rig.Queue.Page(Rig.Org, new() { ServerId = "even" }, null, 50, default)).Count);
        Assert.Equal(ids[7], Assert.Single(await rig.Queue.Page(Rig.Org, new() { State = JobState.Cancelled }, null, 50, default)).Id);
        var counts = await rig.Queue.Counts(Rig.Org, default);
        Assert.Equal((24, 1, 0), (counts[JobState.Ready], counts[JobState.Cancelled], counts[JobState.Dead]));
        Assert.Null(await rig.Queue.Find("other", ids[0], default));
    }

    [SkippableFact]
    public async Task Jobs_put_in_one_after_another_run_in_that_order_however_fast()
    {
        await using var rig = await Start();
        var order = new List<string>();
        rig.Handle("work", (run, _) => { order.Add(run.Id); return Task.CompletedTask; });
        var ids = new List<string>();
        for (var i = 0; i < 100; i++)
        {
            ids.Add(await rig.Enqueue());
        }

        ids.AddRange(await rig.EnqueueMany(Enumerable.Range(0, 100).Select(_ => new JobRequest(Rig.Org, "work", "{}"))));
        ids.Add(await rig.Enqueue());
        await rig.Work(Rig.Quick with { Concurrency = 1 });
        await rig.Until(ids[^1], JobState.Succeeded);

        Assert.Equal(ids, order);
    }

    [SkippableFact]
    public async Task Higher_priority_goes_first_and_equals_go_in_order()
    {
        await using var rig = await Start();
        var order = new List<string>();
        rig.Handle("work", (run, _) => { order.Add(run.Id); return Task.CompletedTask; });
        var low = await rig.Enqueue();
        var low2 = await rig.Enqueue();
        var high = await rig.Enqueue(with: request => request with { Priority = 5 });

        await rig.Work(Rig.Quick with { Concurrency = 1 });
        await rig.Until(low2, JobState.Succeeded);

        Assert.Equal([high, low, low2], order);
    }

    [SkippableFact]
    public async Task A_scheduled_job_waits_for_its_time()
    {
        await using var rig = await StartOnFakeClock();
        rig.Handle("work", (_, _) => Task.CompletedTask);
        var id = await rig.Enqueue(with: request => request with { NotBefore = rig.Time.GetUtcNow().AddHours(1) });
        await rig.Work();

        rig.Fake.Advance(TimeSpan.FromMinutes(59));
        await Task.Delay(200);
        Assert.Equal(JobState.Scheduled, (await rig.Job(id)).State);
        rig.Fake.Advance(TimeSpan.FromMinutes(2));
        await rig.Until(id, JobState.Succeeded);
    }

    [SkippableFact]
    public async Task A_watcher_sees_a_job_through_to_its_end_also_when_another_node_runs_it()
    {
        await using var rig = await Start();
        rig.Handle("work", (_, _) => Task.CompletedTask);
        await rig.Work(Rig.Quick with { Concurrency = 0 });
        var id = await rig.Enqueue(with: request => request with { NotBefore = rig.Time.GetUtcNow().AddMilliseconds(300) });
        using var enough = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var seen = new List<JobState>();
        var watching = Task.Run(async () =>
        {
            await foreach (var _ in rig.Changes.Watch(Rig.Org, id, enough.Token))
            {
                seen.Add((await rig.Job(id)).State);
                if (seen[^1] == JobState.Succeeded)
                {
                    return;
                }
            }
        });

        // SQLite belongs to one process, so there the worker shares this node's ears.
        await (rig.Database.Dialect == SqlDialect.Postgres ? rig.WorkElsewhere() : rig.Work());
        await watching;

        Assert.Equal(JobState.Scheduled, seen[0]);
        Assert.True(seen.Count < 8, $"It was woken {seen.Count} times.");
    }

    [SkippableFact]
    public async Task Many_at_once_keep_all_that_was_asked_for_and_stand_in_the_order_of_their_requests()
    {
        await using var rig = await StartOnFakeClock();
        var deadline = rig.Time.GetUtcNow().AddHours(3);
        var ids = await rig.EnqueueMany(Enumerable.Range(0, 300).Select(number => new JobRequest(Rig.Org, "work", $$"""{"n":{{number}}}""")
        {
            Title = number % 2 == 0 ? null : $"Żółw 🐢 {number}", ServerId = number == 7 ? "server" : null, Priority = -number, TimeLimit = number == 8 ? TimeSpan.FromMinutes(2) : null,
            Deadline = number == 9 ? deadline : null, ConcurrencyKey = number == 10 ? "key" : null, ConcurrencyLimit = number == 10 ? 3 : 1, SecondKey = number == 10 ? "other" : null, SecondLimit = number == 10 ? 4 : 1,
        }));

        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
        var jobs = (await rig.Queue.Page(Rig.Org, new(), null, 1000, default)).Reverse().ToList();
        Assert.Equal(ids, jobs.Select(job => job.Id));
        Assert.Equal(Enumerable.Range(0, 300).Select(number => ($$"""{"n":{{number}}}""", number % 2 == 0 ? "work" : $"Żółw 🐢 {number}", -number)), jobs.Select(job => (job.Arguments, job.Title, job.Priority)));
        Assert.Equal(("server", TimeSpan.FromMinutes(2), deadline, "key", 3, "other", 4), (jobs[7].ServerId, jobs[8].TimeLimit, jobs[9].Deadline, jobs[10].ConcurrencyKey, jobs[10].ConcurrencyLimit, jobs[10].SecondKey, jobs[10].SecondLimit));
        Assert.All(jobs, job => Assert.Equal((JobState.Ready, 0, 0), (job.State, job.Attempt, job.Failures)));
    }
}
