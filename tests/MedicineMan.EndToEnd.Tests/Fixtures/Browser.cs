using MedicineMan.Testbed;
using Microsoft.Playwright;

namespace MedicineMan.EndToEnd.Tests.Fixtures;

/// A real Chromium. It notes whatever a page must never do: complain on the console, break the content policy, ask another origin.
internal sealed class Browser : IAsyncDisposable
{
    private static readonly string[] Arguments =
        ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

    private readonly IPlaywright playwright;
    private readonly IBrowser browser;
    private readonly string origin;
    private readonly List<string> offences = [];

    private Browser(IPlaywright playwright, IBrowser browser, string origin) => (this.playwright, this.browser, this.origin) = (playwright, browser, origin);

    public IReadOnlyList<string> Offences
    {
        get
        {
            lock (offences)
            {
                return [.. offences];
            }
        }
    }

    public static async Task<Browser> Start(string origin)
    {
        var program = Programs.Require("chromium");
        // A loaded machine must not look like a broken page.
        Assertions.SetDefaultExpectTimeout(60_000);
        var playwright = await Playwright.CreateAsync();
        return new Browser(playwright, await playwright.Chromium.LaunchAsync(new() { ExecutablePath = program, Args = Arguments }), origin);
    }

    /// Somebody else, with cookies of his own.
    public async Task<IPage> Visitor()
    {
        var context = await browser.NewContextAsync(new() { BaseURL = origin, AcceptDownloads = true, ColorScheme = ColorScheme.Light, ViewportSize = new() { Width = 1280, Height = 900 } });
        context.SetDefaultTimeout(60_000);
        context.Console += (_, message) => Note(message.Type is "error" or "warning", $"console {message.Type}: {message.Text} ({message.Location})");
        context.WebError += (_, error) => Note(true, $"script: {error.Error}");
        context.Request += (_, request) => Note(!request.Url.StartsWith(origin + "/", StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal), $"request to {request.Url}");
        context.Response += (_, answer) => Note(answer.Status >= 400, $"{answer.Status} {answer.Url}");
        return await context.NewPageAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await browser.DisposeAsync();
        playwright.Dispose();
    }

    private void Note(bool offence, string what)
    {
        if (offence)
        {
            lock (offences)
            {
                offences.Add(what);
            }
        }
    }
}
