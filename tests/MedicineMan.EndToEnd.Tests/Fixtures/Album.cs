using Microsoft.Playwright;

namespace MedicineMan.EndToEnd.Tests.Fixtures;

/// Pictures of pages, wide and narrow, light and dark, in artifacts/screenshots.
internal static class Album
{
    private static readonly (string Name, int Width, int Height)[] Sizes = [("wide", 1280, 900), ("narrow", 360, 740)];

    /// Of the source tree.
    public static string Root { get; } = Above(AppContext.BaseDirectory);

    public static string Folder { get; } = Directory.CreateDirectory(Path.Combine(Root, "artifacts", "screenshots")).FullName;

    /// The picture in the README, remade when MEDICINEMAN_UPDATE_SCREENSHOT=1.
    public static string Shown => Path.Combine(Root, "tests", "MedicineMan.EndToEnd.Tests", "screenshot.png");

    /// One picture as it is, for the steps of something that moves.
    public static Task Snap(IPage page, string name) => page.ScreenshotAsync(new() { Path = Path.Combine(Folder, $"{name}.png"), FullPage = true, Animations = ScreenshotAnimations.Disabled });

    /// All four, and whether the page can be read without scrolling sideways.
    public static async Task<IReadOnlyList<string>> Take(IPage page, string name)
    {
        var problems = new List<string>();
        foreach (var (size, width, height) in Sizes)
        {
            await page.SetViewportSizeAsync(width, height);
            foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
            {
                await page.EmulateMediaAsync(new() { ColorScheme = scheme });
                await Snap(page, $"{name}-{size}-{scheme.ToString().ToLowerInvariant()}");
            }

            var wide = await page.EvaluateAsync<int>("document.documentElement.scrollWidth");
            if (wide > width)
            {
                problems.Add($"{name} is {wide} px wide on a screen of {width} px.");
            }
        }

        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
        await page.SetViewportSizeAsync(Sizes[0].Width, Sizes[0].Height);
        return problems;
    }

    private static string Above(string folder)
    {
        var here = new DirectoryInfo(folder);
        while (!File.Exists(Path.Combine(here.FullName, "MedicineMan.sln")))
        {
            here = here.Parent ?? throw new InvalidOperationException("The tests do not run inside the repository.");
        }

        return here.FullName;
    }
}
