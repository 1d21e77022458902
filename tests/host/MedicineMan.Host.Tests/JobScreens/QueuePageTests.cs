using System.Net;
using Dapper;
using MedicineMan.Host.Access;
using MedicineMan.Host.Data;
using MedicineMan.Host.JobScreens;
using MedicineMan.Host.Tests.Api;
using MedicineMan.Jobs;

namespace MedicineMan.Host.Tests.JobScreens;

/// The queue as a whole, in the browser and over the API.
public abstract class QueuePageTests
{
    private const string Broken = "test-broken";

    private protected abstract Task<TestHost> Start();

    [SkippableFact]
    public async Task Dead_jobs_stand_by_error_and_all_of_a_kind_are_run_again_by_a_job_that_says_so_in_the_audit_log()
    {
        await using var host = await Start();
        var browser = await host.Owner();
        var mended = false;
        host.Get<JobHandlers>().Register(new Breaking(number => mended ? null : number % 2 == 0 ? $"No route to web{number}." : "The disk is full."));
        await Enqueue(host, 30);
        await Until(host, "select count(*) from jobs where state = 'dead'", 30);

        var page = await browser.Get("/jobs/dead");
        mended = true;
        var row = page.Page.QuerySelectorAll("tbody tr").Single(one => one.TextContent.Contains("The disk is full.", StringComparison.Ordinal));
        var fields = row.QuerySelectorAll("input[type=hidden]").Where(input => input.GetAttribute("name") is "type" or "signature" or "upTo")
            .Select(input => (input.GetAttribute("name")!, input.GetAttribute("value")!)).ToArray();
        await browser.Post("/jobs/dead?handler=Retry", page.Token, fields);
        await Until(host, $"select count(*) from jobs where type = '{Broken}' and state = 'succeeded'", 15);

        Assert.Contains("No route to …", page.Text, StringComparison.Ordinal);
        Assert.Contains("15", row.TextContent, StringComparison.Ordinal);
        Assert.Equal(1, await Count(host, $"select count(*) from jobs where type = '{RetryDeadJobs.JobType}'"));
        Assert.Equal(1, await Count(host, "select count(*) from audit_entries where action = 'job.retried-many'"));
        using var viewer = await ApiCaller.As(host, Role.Viewer);
        Assert.Equal("No route to …", Assert.Single((await viewer.Get("jobs/dead")).Items).GetProperty("signature").GetString());
        Assert.Null((await (await host.Member(Role.Viewer)).Get("/jobs/dead")).Page.QuerySelector("form button.btn-sm"));
    }

    [SkippableFact]
    public async Task Throughput_and_workers_are_shown_and_a_type_is_held_back_and_let_go()
    {
        await using var host = await Start();
        var browser = await host.Owner();
        host.Get<JobHandlers>().Register(new Breaking(_ => null));
        var empty = await browser.Get("/jobs/throughput");
        await browser.Send("/jobs/workers?handler=Pause", ("kind", "Type"), ("name", Broken));
        await browser.Send("/jobs/workers?handler=Pause", ("kind", "Type"), ("name", Broken));
        await Enqueue(host, 5);
        await Task.Delay(500);
        var held = await browser.Get("/jobs/workers");
        Assert.Equal(0, await Count(host, $"select count(*) from jobs where type = '{Broken}' and state <> 'ready'"));
        await browser.Send("/jobs/workers?handler=Resume", ("kind", "Type"), ("name", Broken));
        await Until(host, $"select count(*) from jobs where type = '{Broken}' and state = 'succeeded'", 5);
        await Until(host, $"select coalesce(sum(succeeded), 0) from job_stats where type = '{Broken}'", 5, seconds: 30);

        Assert.Contains("No job ended in the last hour.", empty.Text, StringComparison.Ordinal);
        Assert.Contains($"Type {Broken}", held.Text, StringComparison.Ordinal);
        Assert.Contains("at work", held.Text, StringComparison.Ordinal);
        Assert.Contains("held back already", held.Text, StringComparison.Ordinal);
        Assert.Contains("Nothing is held back.", (await browser.Get("/jobs/workers")).Text, StringComparison.Ordinal);
        Assert.Equal("5", (await browser.Get("/jobs/throughput")).Page.QuerySelector("tbody td.number")!.TextContent.Trim());
        using var operation = await ApiCaller.As(host, Role.Operator);
        Assert.Equal(403, (await operation.Post("jobs/pauses", new { kind = "all" })).Status);
        Assert.Equal(400, (await operation.Get("jobs/stats?range=century")).Status);
        Assert.Equal(5, (await operation.Get("jobs/stats")).Items.Sum(step => step.GetProperty("succeeded").GetInt64()));
        using var admin = await ApiCaller.As(host, Role.Admin);
        Assert.Equal(400, (await admin.Post("jobs/pauses", new { kind = "queue" })).Status);
        Assert.Equal(409, (await admin.Post("jobs/pauses/resume", new { kind = "all" })).Status);
        await browser.Send("/jobs/workers?handler=Pause", ("kind", "Type"), ("name", "back-ups"));
        Assert.Contains("There is no type of jobs called back-ups, and nothing was held back. There are back-up,", (await browser.Get("/jobs/workers")).Text, StringComparison.Ordinal);
        var mistyped = await admin.Post("jobs/pauses", new { kind = "queue", name = "backup" });
        Assert.Equal(422, mistyped.Status);
        Assert.Contains("There are backups, default.", mistyped.Detail, StringComparison.Ordinal);
        Assert.Equal(0, await Count(host, "select count(*) from job_pauses"));
        Assert.Equal(HttpStatusCode.Forbidden, (await (await host.Member(Role.Operator)).Send("/jobs/workers?handler=Pause", ("kind", "All"))).Status);
    }

    [SkippableFact]
    public async Task A_queue_that_no_worker_takes_is_named_wherever_somebody_looks()
    {
        await using var host = await Start();
        var browser = await host.Owner();
        await host.Get<JobWorker>().StopAsync(default);
        await host.Get<Database>().Write(
            t => host.Get<JobQueue>().Enqueue(t, new JobRequest("default", Broken, "1") { Queue = "nightly", NotBefore = DateTimeOffset.UnixEpoch }, default), default);
        await host.Get<Database>().Write(t => host.Get<JobQueue>().Enqueue(t, new JobRequest("default", Broken, "1"), default), default);
        await host.Get<Database>().Write(t => t.Connection!.ExecuteAsync("update jobs set due_at = 0 where queue = 'nightly'", null, t), default);

        Assert.Equal("nightly", (await browser.Get("/jobs")).Page.QuerySelector("#unserved b")!.TextContent);
        Assert.Contains("medicineman worker --queues nightly", Assert.Single((await browser.Get("/jobs/workers")).Page.QuerySelectorAll("#workers [role=status]")).TextContent, StringComparison.Ordinal);
        using var viewer = await ApiCaller.As(host, Role.Viewer);
        Assert.All((await viewer.Get("jobs/backlog")).Items, queue => Assert.Equal(0, queue.GetProperty("workers").GetInt32()));
        await host.Get<Database>().Write(
            t => t.Connection!.ExecuteAsync(
                "insert into job_workers (name, version, queues, concurrency, running, reserved, done, started_at, seen_at) values ('w', '1', 'nightly', 2, 0, 0, 0, 0, @now)",
                new { now = DateTimeOffset.UtcNow }, t),
            default);
        Assert.Null((await browser.Get("/jobs")).Page.QuerySelector("#unserved b"));
    }

    private static Task<IReadOnlyList<string>> Enqueue(TestHost host, int count) => host.Get<Database>().Write(
        t => host.Get<JobQueue>().EnqueueMany(t, [.. Enumerable.Range(0, count).Select(i => new JobRequest("default", Broken, $"{i}") { Title = $"Job {i}" })], default), default);

    private static async Task<long> Count(TestHost host, string sql)
    {
        await using var connection = await host.Get<Database>().OpenRead(default);
        return await connection.ExecuteScalarAsync<long>(sql);
    }

    private static async Task Until(TestHost host, string sql, long count, int seconds = 20)
    {
        for (var end = DateTime.UtcNow.AddSeconds(seconds); await Count(host, sql) != count; await Task.Delay(50))
        {
            Assert.True(DateTime.UtcNow < end, $"{sql}: {await Count(host, sql)}, not {count}");
        }
    }

    private sealed class Breaking(Func<int, string?> problem) : IJobHandler
    {
        public string Type => Broken;

        public Task Run(JobRun run, CancellationToken cancel) =>
            problem(run.Arguments.GetInt32()) is { } words ? throw new JobFailedException(words) : Task.CompletedTask;
    }
}

public sealed class SqliteQueuePageTests : QueuePageTests
{
    private protected override Task<TestHost> Start() => TestHost.Start();
}

public sealed class PostgresQueuePageTests : QueuePageTests
{
    private protected override Task<TestHost> Start() => TestHost.OnPostgres();
}
