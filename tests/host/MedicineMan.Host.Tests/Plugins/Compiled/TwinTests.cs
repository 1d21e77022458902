using System.Net;
using System.Text.Json.Nodes;
using MedicineMan.Host.Plugins;
using MedicineMan.Testbed;
using Microsoft.Extensions.Options;

namespace MedicineMan.Host.Tests.Plugins.Compiled;

/// Two plugins that want everything to be theirs: the same route, the same page under the same name, and a library of the same name in versions
/// that exclude each other.
public sealed class TwinTests
{
    [Fact]
    public async Task Twins_answer_each_with_its_own_library_and_one_outlives_the_other()
    {
        using var folder = new TemporaryFolder("twins");
        var (one, two) = (Twin(folder, "one", "public static string Say() => \"the first\";", "Words.Say()"), Twin(folder, "two", "public static string Say(int times) => $\"the second, {times} times\";", "Words.Say(2)"));
        await using var host = await TestHost.Start();
        var owner = await host.Owner();
        // Generous: a busy machine compiles the engine of the first drawing slowly.
        host.Get<IOptions<PluginOptions>>().Value.FragmentTimeLimit = TimeSpan.FromSeconds(20);
        await host.Get<PluginLifecycle>().Load(one, CancellationToken.None);
        await host.Get<PluginLifecycle>().Load(two, CancellationToken.None);

        await Answers(owner, "one", "the first by Words 1.0.0.0");
        await Answers(owner, "two", "the second, 2 times by Words 2.0.0.0");
        var entries = (await owner.Get("/")).Page.QuerySelectorAll(".side nav a").Where(entry => entry.TextContent.Trim() == "Twins").Select(entry => entry.GetAttribute("href"));
        Assert.Equal(["/plugins/tests.twin-one/page/card", "/plugins/tests.twin-two/page/card"], entries.Order(StringComparer.Ordinal));

        await host.Get<PluginLifecycle>().Retire("tests.twin-one");

        Assert.Equal(HttpStatusCode.NotFound, (await owner.Get("/plugins/tests.twin-one/words")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await owner.Get("/plugins/tests.twin-one/page/card")).Status);
        await Answers(owner, "two", "the second, 2 times by Words 2.0.0.0");
        Assert.Single((await owner.Get("/")).Page.QuerySelectorAll(".side nav a"), entry => entry.TextContent.Trim() == "Twins");
    }

    private static async Task Answers(TestBrowser owner, string which, string words)
    {
        Assert.Equal(words, (await owner.Get($"/plugins/tests.twin-{which}/words")).Body);
        var page = await owner.Get($"/plugins/tests.twin-{which}/page/card");
        Assert.Equal(("Twins", words), (page.Page.QuerySelector("h1")!.TextContent, page.Page.QuerySelector("section p")!.TextContent));
    }

    private static string Twin(TemporaryFolder folder, string which, string library, string call)
    {
        var words = Compiler.Compile(folder[which], "Words", $"public static class Words {{ {library} }}", which == "one" ? "1.0.0.0" : "2.0.0.0");
        var made = CompiledPlugin.Make(folder[which], $"tests.twin-{which}", $$"""
            static string Said() => {{call}} + " by Words " + typeof(Words).Assembly.GetName().Version;

            public void Configure(IPluginBuilder plugin)
            {
                plugin.Routes(routes => routes.MapGet("/words", (RequestDelegate)(context => context.Response.WriteAsync(Said()))));
                plugin.Fragment("card", (context, cancel) => ValueTask.FromResult(new UiModel { ["words"] = Said() }));
            }
            """, ["/words"], manifest => manifest["contributes"]!["fragments"] = new JsonArray(
            new JsonObject { ["id"] = "card", ["slot"] = "nav.page", ["title"] = "Twins", ["template"] = "card.html" }), references: words);
        File.WriteAllText(Path.Combine(made, "card.html"), "<p>{{ words }}</p>");
        return made;
    }
}
