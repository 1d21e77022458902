using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using MedicineMan.Host.Plugins;
using MedicineMan.Testbed;
using Microsoft.Extensions.Options;

namespace MedicineMan.Host.Tests.Plugins.Compiled;

/// Templates and data made to take a page's time or the host's memory, in the real host: the lint lets them by, since what they cost is seen only when they are drawn.
[Collection(nameof(Alone))]
public sealed class BombTests : IDisposable
{
    private const string Id = "tests.bombs";

    private static readonly Dictionary<string, string> Bombs = new()
    {
        ["loops"] = "{{ for i in 1..30000; for j in 1..30000; x = i * j; end; end }}",
        ["endless"] = "{{ while true; x = 1; end }}",
        ["text"] = "{{ 'x' * 1000000000 }}",
        ["doubled"] = "{{ s = 'xxxxxxxxxxxxxxxx'; for i in 1..60; s = s | string.append s; end; s }}",
        ["number"] = "{{ x = 3; for i in 1..60; x = x * x; end; x }}",
        ["shift"] = "{{ x = 1 << 1000000000; x }}",
        ["range"] = "{{ (1..1000000000) | array.sort | array.size }}",
        ["recursion"] = "{{ func f; f; end; f }}",
        ["nested"] = "{{ a = [1]; for i in 1..60; a = [a, a]; end; a }}",
        ["regex"] = "{{ word | regex.match '^(a+)+$' }}",
        ["long"] = "{{ book }}",
    };

    private readonly TemporaryFolder folder = new("bombs");

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_page_full_of_bombs_is_quick_its_cards_are_small_and_memory_stays_flat()
    {
        await using var host = await TestHost.Start();
        var owner = await host.Owner();
        // A host would let it rest after its first two pages; here every page is to meet every bomb.
        host.Get<IOptions<PluginOptions>>().Value.BreakerFaults = int.MaxValue;
        await host.Get<PluginLifecycle>().Load(Made(), CancellationToken.None);
        // The first drawing compiles the engine.
        await owner.Get("/");
        var before = GC.GetTotalMemory(forceFullCollection: true);

        var slowest = TimeSpan.Zero;
        for (var visit = 0; visit < 5; visit++)
        {
            var began = Stopwatch.GetTimestamp();
            var home = await owner.Get("/");
            slowest = TimeSpan.FromTicks(Math.Max(slowest.Ticks, Stopwatch.GetElapsedTime(began).Ticks));

            Assert.Equal(HttpStatusCode.OK, home.Status);
            var cards = home.Page.QuerySelectorAll("[data-slot='dashboard.card'] > section");
            Assert.Equal(Bombs.Count + 1, cards.Length);
            Assert.Equal("All is well.", Assert.Single(cards, card => !card.TextContent.Contains("Not drawn", StringComparison.Ordinal)).TextContent.Trim());
            Assert.All(cards, card => Assert.InRange(card.OuterHtml.Length, 1, 2000));
        }

        // One second is what a single fragment may take, and all are drawn side by side; a busy machine has other things to do as well.
        Assert.InRange(slowest, TimeSpan.Zero, TimeSpan.FromSeconds(4));
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 8 << 20);
        Assert.Equal(Bombs.Keys.Order(), host.Get<PluginCatalogue>().Find(Id)!.LatestFaults.Select(fault => fault.Where["fragment ".Length..]).Distinct().Order());
        Assert.Equal(HttpStatusCode.OK, (await owner.Get($"/settings/plugins/{Id}")).Status);
    }

    private string Made()
    {
        var made = CompiledPlugin.Make(folder["plugin"], Id, $$"""
            private static readonly string Book = new('b', 60 << 20);

            public void Configure(IPluginBuilder plugin)
            {
                foreach (var id in new[] { {{string.Join(", ", Bombs.Keys.Append("well").Select(id => $"\"{id}\""))}} })
                {
                    plugin.Fragment(id, (context, cancel) => ValueTask.FromResult(new UiModel { ["word"] = new string('a', 40) + "!", ["book"] = Book }));
                }
            }
            """, change: manifest => manifest["contributes"]!["fragments"] = new JsonArray([.. Bombs.Keys.Append("well").Select(id => new JsonObject
            {
                ["id"] = id, ["slot"] = "dashboard.card", ["title"] = id, ["template"] = $"{id}.html",
            })]));
        foreach (var (id, template) in Bombs.Append(new("well", "<p>All is well.</p>")))
        {
            File.WriteAllText(Path.Combine(made, $"{id}.html"), template);
        }

        return made;
    }
}
