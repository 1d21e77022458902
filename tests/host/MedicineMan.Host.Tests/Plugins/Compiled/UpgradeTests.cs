using System.Net;
using MedicineMan.Host.Plugins;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Plugins.Compiled;

/// Upgrades from one build of a plugin to another, whose code says which it is.
public sealed class UpgradeTests
{
    private const string Id = "tests.upgraded";

    [Fact]
    public async Task Ten_upgrades_under_load_fail_no_request_and_the_new_code_answers_at_once()
    {
        using var folder = new TemporaryFolder("upgrades");
        var builds = new[] { Build(folder, "red"), Build(folder, "blue") };
        Assert.NotEqual(await File.ReadAllBytesAsync(Path.Combine(builds[0], "TestPlugin.dll")), await File.ReadAllBytesAsync(Path.Combine(builds[1], "TestPlugin.dll")));
        await using var host = await PluginTestHost.Start([builds[0]]);
        using var done = new CancellationTokenSource();
        using var answered = new SemaphoreSlim(0);
        var callers = Enumerable.Range(0, 4).Select(_ => Task.Run(() => Call(host, answered, done.Token))).ToArray();

        for (var upgrade = 1; upgrade <= 10; upgrade++)
        {
            await MoreAnswers(answered);
            var version = $"1.{upgrade}.0";
            await host.Lifecycle.Load(PluginFolders.Copy(builds[upgrade % 2], host.Place($"v{upgrade}"), manifest => manifest["version"] = version), CancellationToken.None);
            Assert.Equal($"{(upgrade % 2 == 0 ? "red" : "blue")} {version}", await host.Client.GetStringAsync($"/plugins/{Id}/which"));
        }

        await MoreAnswers(answered);
        await done.CancelAsync();
        var answers = (await Task.WhenAll(callers)).ToArray();

        Assert.All(answers.SelectMany(one => one), answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        Assert.Equal(11, answers.SelectMany(one => one).Select(answer => answer.Text).Distinct().Count());
        // Nobody is ever sent back to an earlier version.
        Assert.All(answers, one => Assert.Equal(one.Select(Number).Order(), one.Select(Number)));
        Assert.All(answers.SelectMany(one => one), answer => Assert.StartsWith(Number(answer) % 2 == 0 ? "red" : "blue", answer.Text, StringComparison.Ordinal));
    }

    private static int Number((HttpStatusCode Status, string Text) answer) => int.Parse(answer.Text.Split('.')[1], System.Globalization.CultureInfo.InvariantCulture);

    private static string Build(TemporaryFolder folder, string colour) => CompiledPlugin.Make(folder[colour], Id, $$"""
        public void Configure(IPluginBuilder plugin)
        {
            var said = $"{{colour}} {plugin.Info.Version}";
            plugin.Routes(routes => routes.MapGet("/which", (RequestDelegate)(context => context.Response.WriteAsync(said))));
        }
        """, ["/which"], version: "1.0.0");

    // More than were under way when the last version came into use, so that each version is seen answering.
    private static async Task MoreAnswers(SemaphoreSlim answered)
    {
        while (await answered.WaitAsync(0))
        {
            // Answers from before.
        }

        for (var more = 0; more < 20; more++)
        {
            Assert.True(await answered.WaitAsync(TimeSpan.FromSeconds(60)), "No answers come any more.");
        }
    }

    private static async Task<List<(HttpStatusCode Status, string Text)>> Call(PluginTestHost host, SemaphoreSlim answered, CancellationToken done)
    {
        var answers = new List<(HttpStatusCode, string)>();
        while (!done.IsCancellationRequested)
        {
            using var answer = await host.Client.GetAsync($"/plugins/{Id}/which", CancellationToken.None);
            answers.Add((answer.StatusCode, await answer.Content.ReadAsStringAsync(CancellationToken.None)));
            answered.Release();
        }

        return answers;
    }
}
