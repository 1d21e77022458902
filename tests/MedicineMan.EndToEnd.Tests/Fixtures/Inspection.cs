using System.Collections.Concurrent;
using Deque.AxeCore.Commons;
using Microsoft.Playwright;

namespace MedicineMan.EndToEnd.Tests.Fixtures;

/// Looks at pages, wide and narrow, light and dark, by what axe knows of WCAG 2.2 AA and by our own rules.
/// Pictures of all are kept when MEDICINEMAN_PICTURES=1.
internal sealed class Inspection
{
    private static readonly (string Name, int Width, int Height)[] Sizes = [("narrow", 360, 740), ("wide", 1280, 900)];
    private static readonly string Axe = new BundledAxeScriptProvider().GetScript();

    private static readonly bool Pictures = Environment.GetEnvironmentVariable("MEDICINEMAN_PICTURES") == "1";

    private const string Violations =
        """
        async ([theme, rules]) => {
          while (document.documentElement.dataset.bsTheme !== theme) await new Promise(requestAnimationFrame);
          const found = await axe.run(document, { resultTypes: ["violations"], runOnly: rules.split(" ") });
          return found.violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.target.join(" ")} ${node.failureSummary.split("\n").slice(1).join(" ").trim()}`));
        }
        """;

    private const string All = "wcag2a wcag2aa wcag21a wcag21aa wcag22aa best-practice";

    // What a theme can break; all else is the same in both.
    private const string Colours = "color-contrast link-in-text-block";

    private const string Primaries = """() => [...document.querySelectorAll(".btn-primary")].filter(button => button.checkVisibility()).length""";

    private const string Sideways =
        """
        () => document.scrollingElement.scrollWidth <= innerWidth ? null
          : [...document.querySelectorAll("body *")].filter(element => element.getBoundingClientRect().right > innerWidth + 1).slice(0, 5).map(element => element.outerHTML.slice(0, 120)).join(" ")
        """;

    private readonly IPage page;
    private readonly ConcurrentDictionary<string, bool> visited = [];
    private readonly ConcurrentQueue<string> problems = [];

    public Inspection(IPage page) => this.page = page;

    private Inspection(IPage page, Inspection beside) => (this.page, visited, problems) = (page, beside.visited, beside.problems);

    public IPage Page => page;

    public IReadOnlyCollection<string> Problems => problems;

    /// Pages nobody has looked at.
    public IEnumerable<string> Missed => Routes.All.Except(visited.Keys);

    /// The same, in another tab at the same time.
    public async Task<Inspection> Beside() => new(await page.Context.NewPageAsync(), this);

    public async Task Visit(string url, string? name = null)
    {
        await page.GotoAsync(url);
        await Look(name ?? (url == "/" ? "home" : url.Trim('/').Replace('/', '-')));
    }

    /// Looks at what is shown now, with everything opened that can be.
    public async Task Look(string name)
    {
        var path = new Uri(page.Url).AbsolutePath;
        if (Routes.Of(path) is { } route)
        {
            visited[route] = true;
        }

        await page.EvaluateAsync("""() => document.querySelectorAll("main details").forEach(row => row.open = true)""");
        await page.EvaluateAsync(Axe);
        foreach (var (size, width, height) in Sizes)
        {
            await page.SetViewportSizeAsync(width, height);
            foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
            {
                // Without motion there is no moment between two colours.
                await page.EmulateMediaAsync(new() { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
                var view = $"{name} ({size}, {scheme})";
                var rules = scheme is ColorScheme.Light ? All : Colours;
                Note((await page.EvaluateAsync<string[]>(Violations, new[] { scheme.ToString().ToLowerInvariant(), rules })).Select(violation => $"{view} {violation}"));
                if (Pictures)
                {
                    await Album.Snap(page, $"pages/{name}-{size}-{scheme.ToString().ToLowerInvariant()}");
                }
            }

            if (await page.EvaluateAsync<string?>(Sideways) is { } wide)
            {
                Note([$"{name} scrolls sideways ({size}): {wide}"]);
            }
        }

        if (await page.EvaluateAsync<int>(Primaries) is > 1 and var buttons)
        {
            Note([$"{name} has {buttons} primary buttons."]);
        }
    }

    private void Note(IEnumerable<string> found)
    {
        foreach (var problem in found)
        {
            problems.Enqueue(problem);
        }
    }
}
