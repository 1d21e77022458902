using MedicineMan.EndToEnd.Tests.Fixtures;
using Microsoft.Playwright;

namespace MedicineMan.EndToEnd.Tests;

/// A walk through every main page after a first proven backup, with pictures of each.
internal static class Tour
{
    private static readonly (string Name, string Url)[] Places =
    [
        ("home", "/"), ("servers", "/servers"), ("server-add", "/servers/add"), ("backups", "/backups"), ("repositories", "/backups/repositories"), ("repository-new", "/backups/repositories/new"),
        ("plan-new", "/backups/plans/new"), ("jobs", "/jobs"), ("jobs-dead", "/jobs/dead"), ("jobs-throughput", "/jobs/throughput"), ("jobs-workers", "/jobs/workers"),
        ("schedules", "/jobs/schedules"), ("jobs-upcoming", "/jobs/upcoming"), ("jobs-upcoming-week", "/jobs/upcoming?view=week"), ("settings", "/settings"),
    ];

    /// What could not be read on a narrow screen.
    public static async Task<IReadOnlyList<string>> Take(IPage page)
    {
        var problems = new List<string>();
        foreach (var (name, url) in Places)
        {
            await page.GotoAsync(url);
            problems.AddRange(await Album.Take(page, name));
        }

        await page.GotoAsync("/settings");
        foreach (var url in await page.Locator("main a").EvaluateAllAsync<string[]>("links => links.map(link => link.getAttribute('href'))"))
        {
            await page.GotoAsync(url);
            problems.AddRange(await Album.Take(page, url.Trim('/').Replace('/', '-')));
        }

        await Open(page, "/servers", "main a[href^='/servers/0']", "server", problems);
        await Open(page, "/jobs", "main a[href^='/jobs/0']", "job", problems);
        await Open(page, "/backups", "main a[href^='/backups/plans/0']", "plan", problems);
        await Open(page, "/backups/repositories", "main a[href^='/backups/repositories/0']", "repository", problems);
        await Open(page, page.Url, "main tbody a[href*='/repositories/']", "browse", problems);
        await Open(page, "/backups", "main a[href^='/backups/runs/']", "run", problems);
        await Show(page);
        await Open(page, page.Url, "main a[href$='/restore']", "restore", problems);
        await page.Locator("main").GetByText("Try it without changing anything").ClickAsync();
        await Assertions.Expect(page.Locator("#restore")).ToContainTextAsync("What would happen");
        problems.AddRange(await Album.Take(page, "restored"));
        return problems;
    }

    private static async Task Open(IPage page, string from, string link, string name, List<string> problems)
    {
        await page.GotoAsync(from);
        await page.Locator(link).First.ClickAsync();
        // What a page reads from a storage arrives a moment later.
        await Assertions.Expect(page.Locator("main .busy")).ToHaveCountAsync(0);
        problems.AddRange(await Album.Take(page, name));
    }

    /// The picture in the README shows a proven run.
    private static async Task Show(IPage page)
    {
        if (Environment.GetEnvironmentVariable("MEDICINEMAN_UPDATE_SCREENSHOT") == "1")
        {
            await page.ScreenshotAsync(new() { Path = Album.Shown, Animations = ScreenshotAnimations.Disabled });
        }
    }
}
