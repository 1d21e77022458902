using System.Net;
using Dapper;
using MedicineMan.Host.Access;
using MedicineMan.Host.Data;
using MedicineMan.Jobs;

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
            // Jobs of one millisecond have no order among themselves.
            await Task.Delay(2);
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
        await Task.Delay(2);
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
        Assert.Contains("00:00:00 first 00:00:01 second", running.Text, StringComparison.Ordinal);
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
