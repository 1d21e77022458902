using System.Net;
using Dapper;
using MedicineMan.Host.Access;
using MedicineMan.Host.Data;
using MedicineMan.Host.Tests.Api;
using MedicineMan.Jobs;
using MedicineMan.Jobs.Grouping;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.JobScreens;

public abstract class JobPageTests
{
    private protected abstract Task<TestHost> Start();

    [SkippableFact]
    public async Task The_list_counts_filters_and_pages()
    {
        await using var host = await Start();
        var browser = await host.Owner();
        Assert.Contains("Nothing was done yet", (await browser.Get("/jobs")).Text, StringComparison.Ordinal);
        for (var i = 0; i < 55; i++)
        {
            await Enqueue(host, $"Job {i:00}");
        }

        var all = await browser.Get("/jobs");
        var next = await browser.Get(all.Page.QuerySelector("a[rel=next]")!.GetAttribute("href")!);
        var none = await browser.Get("/jobs?state=dead&type=test-nothing");

        Assert.Equal(50, all.Page.QuerySelectorAll("tbody tr").Length);
        Assert.Equal("jobs", all.Page.QuerySelector("main")!.GetAttribute("data-live"));
        Assert.Equal(["Job 04", "Job 03", "Job 02", "Job 01", "Job 00"], next.Page.QuerySelectorAll("tbody tr td:first-child a").Select(link => link.TextContent));
        Assert.Contains("scheduled 55", all.Text, StringComparison.Ordinal);
        Assert.Contains("No job fits this filter.", none.Text, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_search_finds_titles_errors_and_ids_and_the_days_in_between()
    {
        await using var host = await Start();
        var browser = await host.Owner();
        var orders = await Enqueue(host, "Copy Orders 100%");
        var broken = await Enqueue(host, "Copy others");
        await host.Get<Database>().Write(t => t.Connection!.ExecuteAsync("update jobs set state = 'dead', ended_at = created_at, error = 'No ROUTE to web_1' where id = @broken", new { broken }, t), default);
        var today = DateTime.UtcNow.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);

        async Task<string[]> Found(string query) => [.. (await browser.Get($"/jobs?{query}")).Page.QuerySelectorAll("tbody tr td:first-child a").Select(link => link.GetAttribute("href")![6..])];
        Assert.Equal([orders], await Found("q=orders+100%25"));
        Assert.Equal([broken], await Found("q=route"));
        Assert.Equal([broken], await Found("q=web_1"));
        Assert.Equal([orders], await Found($"q={orders}"));
        Assert.Empty(await Found("q=w%25b"));
        Assert.Equal([broken, orders], await Found($"q=copy&since={today}&until={today}"));
        Assert.Empty(await Found("since=2000-01-01&until=2000-12-31"));
        Assert.Empty(await Found("q=copy&since=2100-01-01"));
        Assert.Equal(2, (await Found("since=yesterday")).Length);
        Assert.Contains("“done” is no state. A job's state is one of running, ready,", (await browser.Get("/jobs?state=done")).Text, StringComparison.Ordinal);
        Assert.Contains("“yesterday” is no day. Write year, month and day", (await browser.Get("/jobs?since=yesterday")).Text, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_job_shows_its_progress_attempts_and_masked_arguments_and_is_cancelled_and_retried()
    {
        await using var host = await Start();
        var browser = await host.Owner();
        var job = await Enqueue(host, "Copy <b>all</b>");
        await host.Get<Database>().Write(
            t => t.Connection!.ExecuteAsync(
                """
                update jobs set state = 'running', started_at = created_at, worker = 'w', attempt = 1, lease_until = 9000000000000,
                  progress = '{"Stage":"dump","Done":524288,"Total":1048576,"Unit":"bytes","Detail":"table orders"}' where id = @job
                """,
                new { job }, t),
            default);

        await host.Get<Database>().Write(
            t => t.Connection!.ExecuteAsync(
                "insert into job_log (organization_id, job_id, attempt, written_at, message) values ('default', @job, 1, 0, 'first'), ('default', @job, 1, 1000, 'second')", new { job }, t),
            default);

        var running = await browser.Get($"/jobs/{job}");
        await browser.Send($"/jobs/{job}?handler=Cancel");
        var stopping = await browser.Get($"/jobs/{job}");

        Assert.Contains("Copy <b>all</b>", running.Text, StringComparison.Ordinal);
        Assert.Equal("50", running.Page.QuerySelector("progress")!.GetAttribute("value"));
        Assert.Contains("512 KiB of 1 MiB", running.Text, StringComparison.Ordinal);
        Assert.Contains("table orders", running.Text, StringComparison.Ordinal);
        Assert.Contains("00:00:00 UTC first 00:00:01 UTC second", running.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", running.Body, StringComparison.Ordinal);
        Assert.Equal($"job:{job}", running.Page.QuerySelector("main")!.GetAttribute("data-live"));
        Assert.Contains("stopping", stopping.Text, StringComparison.Ordinal);
        Assert.Null(stopping.Page.QuerySelector("#cancel"));

        await host.Get<Database>().Write(t => t.Connection!.ExecuteAsync("update jobs set state = 'dead', ended_at = created_at, error = 'The disk is full.' where id = @job", new { job }, t), default);
        var dead = await browser.Get($"/jobs/{job}");
        Assert.Contains("The disk is full.", dead.Page.QuerySelector("[role=alert]")!.TextContent, StringComparison.Ordinal);
        Assert.NotNull(dead.Page.QuerySelector("#retry"));
    }

    [SkippableFact]
    public async Task A_job_shows_its_group_by_state_and_what_follows_it()
    {
        await using var host = await Start();
        var browser = await host.Owner();
        JobRequest[] members = [.. Enumerable.Range(0, 3).Select(i => new JobRequest("default", "test-nothing", "{}") { Title = $"Member {i}", NotBefore = DateTimeOffset.UnixEpoch.AddYears(200) })];
        var group = await host.Get<Database>().Write(
            t => host.Get<JobQueue>().EnqueueGroup(t, new JobGroupRequest("default", "Move everything", members) { Continuation = new JobRequest("default", "test-nothing", "{}") { NotBefore = DateTimeOffset.UnixEpoch.AddYears(200) } }, default), default);
        var ids = (await host.Get<JobQueue>().Page("default", new JobFilter { Group = group }, null, 10, default)).Select(job => job.Id).ToList();
        await browser.Send($"/jobs/{ids[0]}?handler=Cancel");

        var page = await browser.Get($"/jobs/{ids[1]}");
        var cancelled = page.Page.QuerySelectorAll("#group a").Single(link => link.TextContent.Contains("cancelled", StringComparison.Ordinal));
        using var viewer = await ApiCaller.As(host, Role.Viewer);
        var answer = (await viewer.Get($"jobs/groups/{group}")).Json;

        Assert.Contains("Move everything", page.Text, StringComparison.Ordinal);
        Assert.Contains("1 of the 3 jobs of this group have ended, 1 of them badly.", page.Text, StringComparison.Ordinal);
        Assert.Contains("Another job follows", page.Text, StringComparison.Ordinal);
        Assert.Equal([$"/jobs/{ids[0]}"], (await browser.Get(cancelled.GetAttribute("href")!)).Page.QuerySelectorAll("tbody tr td:first-child a").Select(link => link.GetAttribute("href")));
        Assert.Equal((2, 1), (answer.GetProperty("states").GetProperty("scheduled").GetInt64(), answer.GetProperty("states").GetProperty("cancelled").GetInt64()));
        Assert.Equal(3, (await viewer.Get($"jobs?group={group}")).Items.Count);
    }

    [SkippableFact]
    public async Task What_stood_behind_an_error_is_shown_and_a_job_that_succeeded_is_run_again_unless_it_is_part_of_something()
    {
        await using var host = await Start();
        var browser = await host.Owner();
        host.Get<JobHandlers>().Register(new Failing());
        var fails = await host.Get<JobQueue>().Enqueue(new JobRequest("default", "test-failing", "true") { MaxAttempts = 1 }, default);
        var works = await host.Get<JobQueue>().Enqueue(new JobRequest("default", "test-failing", "false"), default);
        await Ended(host, fails);
        await Ended(host, works);

        var dead = await browser.Get($"/jobs/{fails}");
        Assert.Equal("An unexpected InvalidOperationException: The copy broke. The log has the details; if it happens again, please report it.", dead.Page.QuerySelector("[role=alert] span")!.TextContent);
        Assert.Equal(["Caused by IOException: The disk is gone."], dead.Page.QuerySelectorAll("ol.causes li").Select(cause => cause.TextContent));
        Assert.Contains("Given up", dead.Page.QuerySelector("ol.timeline")!.TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain("disk", (await host.Get<JobQueue>().Find("default", fails, default))!.Signature!, StringComparison.Ordinal);
        Assert.Null(dead.Page.QuerySelector("#run-again"));

        Assert.NotNull((await browser.Get($"/jobs/{works}")).Page.QuerySelector("#run-again"));
        var again = (await browser.Send($"/jobs/{works}?handler=RunAgain")).Location![6..];
        await Ended(host, again);
        Assert.NotEqual(works, again);
        await host.Get<Database>().Write(t => t.Connection!.ExecuteAsync("update jobs set type = 'back-up' where id = @again", new { again }, t), default);
        Assert.Null((await browser.Get($"/jobs/{again}")).Page.QuerySelector("#run-again"));
        using var operation = await ApiCaller.As(host, Role.Operator);
        Assert.Equal((409, "not-repeatable"), (await operation.Post($"jobs/{again}/run-again")) is var refused ? (refused.Status, refused.Code) : default);
        Assert.Equal(202, (await operation.Post($"jobs/{works}/run-again")).Status);
    }

    [SkippableFact]
    public async Task A_viewer_sees_a_job_but_no_buttons_and_another_organisation_nothing()
    {
        await using var host = await Start();
        await host.Owner();
        var job = await Enqueue(host, "Mine");
        var viewer = await host.Member(Role.Viewer);

        var seen = await viewer.Get($"/jobs/{job}");
        var refused = await viewer.Post($"/jobs/{job}?handler=Cancel", seen.Token ?? (await viewer.Get("/settings/tokens")).Token);
        await host.Get<Database>().Write(t => t.Connection!.ExecuteAsync("update jobs set organization_id = 'elsewhere' where id = @job", new { job }, t), default);

        Assert.Null(seen.Page.QuerySelector("#cancel"));
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Equal(HttpStatusCode.NotFound, (await viewer.Get($"/jobs/{job}")).Status);
    }

    private static Task Ended(TestHost host, string job) =>
        Eventually.Holds(async () => (await host.Get<JobQueue>().Find("default", job, default))!.EndedAt is not null, otherwise: "It did not end");

    private sealed class Failing : IJobHandler
    {
        public string Type => "test-failing";

        public Task Run(JobRun run, CancellationToken cancel) =>
            run.Arguments.GetBoolean() ? throw new InvalidOperationException("The copy broke.", new IOException("The disk is gone.")) : Task.CompletedTask;
    }

    private static Task<string> Enqueue(TestHost host, string title) => host.Get<Database>().Write(
        t => host.Get<JobQueue>().Enqueue(
            t, new JobRequest("default", "test-nothing", """{"plan":"7","password":"hush"}""") { Title = title, NotBefore = DateTimeOffset.UnixEpoch.AddYears(200) }, default),
        default);
}

public sealed class SqliteJobPageTests : JobPageTests
{
    private protected override Task<TestHost> Start() => TestHost.Start();
}

public sealed class PostgresJobPageTests : JobPageTests
{
    private protected override Task<TestHost> Start() => TestHost.OnPostgres();
}
