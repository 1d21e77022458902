using System.Threading.Channels;
using MedicineMan.EndToEnd.Tests.Fixtures;
using MedicineMan.Host.Organizations;
using MedicineMan.Jobs;
using Microsoft.Playwright;

namespace MedicineMan.EndToEnd.Tests;

/// The pages of jobs while jobs come, run and end: what they show changes under the eyes of whoever looks, and nothing is loaded anew.
public sealed class LiveJobsTests
{
    private const string Mark = "() => { window.stayed = true; }";
    private const string Stayed = "() => window.stayed === true";

    [SkippableFact]
    public async Task Counts_progress_and_log_lines_arrive_on_pages_that_stay_where_they_are()
    {
        await using var stage = await PluginStage.Set(["orders"]);
        var steps = new Steps();
        stage.Get<JobHandlers>().Register(steps);
        var (list, queue) = (stage.Page, stage.Get<JobQueue>());
        await list.GotoAsync("/jobs");
        await list.EvaluateAsync(Mark);
        await Count(list, "running", 0);
        await Count(list, "succeeded", 0);

        var id = await queue.Enqueue(new JobRequest(OrganizationId.Default.Value, steps.Type, """{"database":"shop","password":"not to be seen"}""") { Title = "Count the rows" }, default);
        var waiting = await queue.Enqueue(new JobRequest(OrganizationId.Default.Value, steps.Type, "{}") { Title = "Count them again", NotBefore = TimeProvider.System.GetUtcNow().AddHours(1) }, default);
        await Count(list, "running", 1);
        await Count(list, "scheduled", 1);
        await Assertions.Expect(list.Locator($"main a[href='/jobs/{id}']")).ToBeVisibleAsync();

        var page = await list.Context.NewPageAsync();
        await page.GotoAsync($"/jobs/{id}");
        await page.EvaluateAsync(Mark);
        await Assertions.Expect(page.Locator("h1")).ToContainTextAsync("running");
        await Assertions.Expect(page.Locator("#job")).Not.ToContainTextAsync("not to be seen");
        for (var step = 1; step <= 3; step++)
        {
            steps.Take(new(step, $"table {step} has {step * 1000} rows"));
            await Assertions.Expect(page.Locator("pre.log")).ToContainTextAsync($"table {step} has {step * 1000} rows");
            await Assertions.Expect(page.Locator(".stage")).ToContainTextAsync($"{step * 25} %");
        }

        var problems = new List<string>(await Album.Take(page, "live-job"));
        problems.AddRange(await Album.Take(list, "live-jobs"));
        steps.End();
        await Assertions.Expect(page.Locator("h1")).ToContainTextAsync("succeeded");
        await Assertions.Expect(page.Locator("pre.log")).ToContainTextAsync("all counted");
        await Count(list, "running", 0);
        await Count(list, "succeeded", 1);
        Assert.True(await queue.Find(OrganizationId.Default.Value, waiting, default) is { State: JobState.Scheduled });

        Assert.True(await list.EvaluateAsync<bool>(Stayed), "The list was loaded anew.");
        Assert.True(await page.EvaluateAsync<bool>(Stayed), "The job's page was loaded anew.");
        problems.AddRange(await Album.Take(page, "live-job-ended"));
        Assert.Empty(problems);
        Assert.Empty(stage.Browser.Offences);
    }

    private static Task Count(IPage page, string state, int count) =>
        Assertions.Expect(page.Locator("#states a").Filter(new() { HasText = state }).Locator(".count")).ToHaveTextAsync($"{count}");

    /// A job that goes on when it is told to.
    private sealed class Steps : IJobHandler
    {
        private readonly Channel<(int Quarter, string Line)> steps = Channel.CreateUnbounded<(int, string)>();

        public string Type => "count-rows";

        public void Take((int Quarter, string Line) step) => steps.Writer.TryWrite(step);

        public void End() => steps.Writer.Complete();

        public async Task Run(JobRun run, CancellationToken cancel)
        {
            await foreach (var (quarter, line) in steps.Reader.ReadAllAsync(cancel))
            {
                run.Log(line);
                run.Progress(new JobProgress("count", quarter * 1000, 4000, "rows", $"table {quarter}"));
            }

            run.Log("all counted");
        }
    }
}
