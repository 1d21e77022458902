using System.Collections.Concurrent;
using MedicineMan.Testbed;

namespace MedicineMan.Jobs.Tests;

/// Who waits for whom.
public abstract partial class JobSuite
{
    [SkippableFact]
    public async Task An_organisation_that_floods_the_queue_does_not_keep_another_one_waiting()
    {
        await using var rig = await Start();
        var order = new ConcurrentQueue<string>();
        rig.Handle("work", (run, _) => { order.Enqueue(run.Organization); return Task.CompletedTask; });
        await rig.EnqueueMany(Enumerable.Range(0, 3000).Select(_ => new JobRequest("flood", "work", "{}")));
        var quiet = await rig.Enqueue();

        await rig.Work(Rig.Quick with { Concurrency = 2 });
        await rig.Until(quiet, JobState.Succeeded);

        Assert.InRange(order.ToList().IndexOf(Rig.Org), 0, 5);
    }

    [SkippableFact]
    public async Task Ten_organisations_have_their_turns_one_after_another()
    {
        await using var rig = await Start();
        var order = new ConcurrentQueue<string>();
        rig.Handle("work", (run, _) => { order.Enqueue(run.Organization); return Task.CompletedTask; });
        await rig.EnqueueMany(Enumerable.Range(0, 50).Select(i => new JobRequest($"org{i / 5}", "work", "{}")));

        await rig.Work(Rig.Quick with { Concurrency = 1, Reserve = 0 });
        await Eventually.Holds(() => Task.FromResult(order.Count == 50));

        Assert.All(order.Chunk(10), round => Assert.Equal(10, round.Distinct().Count()));
    }

    [SkippableFact]
    public async Task Waiting_makes_up_for_priority_so_that_nobody_starves()
    {
        await using var rig = await StartOnFakeClock();
        var order = new ConcurrentQueue<string>();
        rig.Handle("work", (run, _) => { order.Enqueue(run.Id); return Task.CompletedTask; });
        var old = await rig.Enqueue();
        rig.Fake.Advance(TimeSpan.FromMinutes(4));
        var urgent = await rig.Enqueue(with: request => request with { Priority = 5 });
        rig.Fake.Advance(TimeSpan.FromMinutes(2));
        var late = await rig.Enqueue(with: request => request with { Priority = 5 });

        await rig.Work(Rig.Quick with { Concurrency = 1, Reserve = 0 });
        await rig.Until(late, JobState.Succeeded);

        Assert.Equal([urgent, old, late], order);
    }

    [SkippableFact]
    public async Task As_many_jobs_as_the_limit_says_share_a_key_and_those_behind_them_cost_no_claim_anything()
    {
        await using var rig = await Start();
        var (running, most) = (0, 0);
        rig.Handle("work", async (_, cancel) =>
        {
            lock (rig)
            {
                most = Math.Max(most, ++running);
            }

            await Task.Delay(10, cancel);
            lock (rig)
            {
                running--;
            }
        });
        rig.Handle("free", (_, _) => Task.CompletedTask);
        await rig.EnqueueMany(Enumerable.Range(0, 60).Select(_ => new JobRequest(Rig.Org, "work", "{}") { ConcurrencyKey = "storage", ConcurrencyLimit = 3 }));
        var free = await rig.Enqueue("free");
        await rig.WorkElsewhere();
        await rig.WorkElsewhere();

        await rig.Until(free, JobState.Succeeded, seconds: 5);
        await Eventually.Holds(async () => await rig.Database.Query<long>("select count(*) from jobs where state = 'succeeded'") == 61);
        Assert.Equal(3, most);
    }

    [SkippableFact]
    public async Task A_job_with_two_keys_runs_only_while_there_is_room_under_both_and_holds_up_nobody_under_one_of_them()
    {
        await using var rig = await Start();
        var running = new Dictionary<string, int>();
        var most = new Dictionary<string, int>();
        var full = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Count(string key, int change)
        {
            running[key] = running.GetValueOrDefault(key) + change;
            most[key] = Math.Max(most.GetValueOrDefault(key), running[key]);
            if (most.GetValueOrDefault("+s1") >= 3 && most.GetValueOrDefault("+big") >= 3)
            {
                full.TrySetResult();
            }
        }

        rig.Handle("work", async (run, cancel) =>
        {
            var keys = run.Arguments.GetProperty("keys").GetString()!.Split(' ');
            lock (most)
            {
                Array.ForEach(keys, key => Count(key, 1));
            }

            // The first ones stay until three run under each of the two.
            await full.Task.WaitAsync(TimeSpan.FromSeconds(30), cancel);
            await Task.Delay(Random.Shared.Next(5, 20), cancel);
            lock (most)
            {
                Array.ForEach(keys, key => Count(key, -1));
            }
        });
        // The same name in both places is two keys.
        JobRequest Request(string server, string storage) => new(Rig.Org, "work", $$"""{"keys":"{{server}} +{{storage}}"}""")
        {
            ConcurrencyKey = server, SecondKey = storage, SecondLimit = 3,
        };
        await rig.EnqueueMany(Enumerable.Range(0, 120).Select(number => Request($"s{number % 7}", number % 2 == 0 ? "s1" : "big")));
        for (var worker = 0; worker < 3; worker++)
        {
            await rig.WorkElsewhere();
        }

        await Eventually.Holds(async () => await rig.Database.Query<long>("select count(*) from jobs where state = 'succeeded'") == 120);

        Assert.Equal([1, 1, 1, 1, 1, 1, 1], most.Where(one => one.Key[0] == 's').Select(one => one.Value));
        Assert.Equal([3, 3], most.Where(one => one.Key[0] == '+').Select(one => one.Value));
    }

    [SkippableFact]
    public async Task What_waits_for_its_second_key_lets_the_next_one_with_its_first_key_go_ahead()
    {
        await using var rig = await Start();
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        rig.Handle("hold", (_, _) => goOn.Task);
        rig.Handle("work", (_, _) => Task.CompletedTask);
        JobRequest Request(string type, string server, string storage) => new(Rig.Org, type, "{}") { ConcurrencyKey = server, SecondKey = storage };
        var holds = await rig.EnqueueMany([Request("hold", "a", "full")]);
        await rig.Work(Rig.Quick with { PollInterval = TimeSpan.FromMinutes(1) });
        await rig.Until(holds[0], JobState.Running);

        // Of server b all wait for the full storage but the last one, which comes through at once, although nobody looks before a minute is over.
        var behind = await rig.EnqueueMany([.. Enumerable.Range(0, 30).Select(_ => Request("work", "b", "full")), Request("work", "b", "free")]);
        await rig.Until(behind[^1], JobState.Succeeded, seconds: 10);
        var waits = await rig.Until(behind[0], job => job.Wait == JobWait.SecondKey);
        Assert.Equal(("full", 1), (waits.SecondKey, waits.SecondLimit));

        goOn.SetResult();
        foreach (var id in behind)
        {
            await rig.Until(id, JobState.Succeeded);
        }
    }

    [SkippableFact]
    public async Task A_worker_of_some_queues_leaves_the_others_alone()
    {
        await using var rig = await Start();
        rig.Handle("work", (_, _) => Task.CompletedTask);
        var other = await rig.Enqueue(with: request => request with { Queue = "proofs" });
        await rig.Work(Rig.Quick with { Queues = ["backups", "scans"] });

        await rig.Until(await rig.Enqueue(with: request => request with { Queue = "scans" }), JobState.Succeeded);
        Assert.Equal(JobState.Ready, (await rig.Job(other)).State);
        await Assert.ThrowsAsync<ArgumentException>(() => rig.Enqueue(with: request => request with { Queue = "No/Queue" }));
    }

    [SkippableFact]
    public async Task Short_jobs_in_reserve_go_to_others_when_a_long_one_takes_their_place()
    {
        await using var rig = await Start();
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var blocked = 0;
        rig.Handle("work", (_, _) => Interlocked.Increment(ref blocked) == 100 ? goOn.Task : Task.CompletedTask);
        await rig.EnqueueMany(Enumerable.Range(0, 2000).Select(_ => new JobRequest(Rig.Org, "work", "{}")));
        await rig.WorkElsewhere(Rig.Quick with { Concurrency = 1 });
        await Eventually.Holds(() => Task.FromResult(blocked >= 100));
        await rig.WorkElsewhere();

        await Eventually.Holds(async () => await rig.Database.Query<long>("select count(*) from jobs where state = 'succeeded'") == 1999);
        goOn.SetResult();

        await Eventually.Holds(async () => await rig.Database.Query<long>("select count(*) from jobs where state = 'succeeded'") == 2000);
        Assert.Equal(2000, await rig.Database.Query<long>("select count(*) from jobs where attempt = 1"));
        Assert.Equal(2000, blocked);
    }
}
