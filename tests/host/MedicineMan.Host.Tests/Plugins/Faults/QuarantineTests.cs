using System.Net;
using System.Text.Json.Nodes;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Plugins.Faults;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Testbed;
using Microsoft.Extensions.Logging.Abstractions;

namespace MedicineMan.Host.Tests.Plugins.Faults;

/// A plugin that takes the process down, or throws where nobody can catch, is kept out until a person lets it in again.
public sealed class QuarantineTests : IDisposable
{
    private const string Id = "tests.troublesome";

    private readonly TemporaryFolder folder = new("quarantine");

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("stray", "nobody watches me")]
    [InlineData("timer", "late and alone")]
    public async Task A_throw_on_a_thread_of_its_own_costs_the_plugin_and_not_the_process(string route, string message)
    {
        void Keep(PluginOptions options) => options.StateFolder = folder.Path;
        await using (var host = await PluginTestHost.Start([PluginFolders.Troublesome, PluginFolders.Hello], Keep))
        {
            Assert.Equal(HttpStatusCode.OK, (await host.Client.GetAsync($"/plugins/{Id}/{route}")).StatusCode);
            await Eventually.Holds(() => Task.FromResult(host.Catalogue.Find(Id)!.State is PluginState.Quarantined));

            Assert.Contains(message, host.Catalogue.Find(Id)!.Reason, StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.NotFound, (await host.Client.GetAsync($"/plugins/{Id}/sentence")).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await host.Client.GetAsync("/plugins/samples.hello/greeting")).StatusCode);
        }

        await using var again = await PluginTestHost.Start([PluginFolders.Troublesome], Keep);
        Assert.Equal(PluginState.Quarantined, again.Catalogue.Find(Id)!.State);
        await Assert.ThrowsAsync<PluginRefusedException>(() => again.Lifecycle.Load(PluginFolders.Troublesome, default));
        again.Of<Quarantine>().Release(Id);
        await again.Lifecycle.Load(PluginFolders.Troublesome, default);
        Assert.Equal(PluginState.Started, again.Catalogue.Find(Id)!.State);
    }

    [Fact]
    public async Task Safe_mode_loads_no_plugin_and_says_so_and_the_next_start_loads_them_again()
    {
        await using (var safe = await PluginTestHost.Start([PluginFolders.Hello], options => options.SafeMode = true))
        {
            Assert.Empty(safe.Catalogue.Active);
            Assert.Contains("start again without --safe-mode", safe.Catalogue.Problem, StringComparison.Ordinal);
            Assert.Equal((PluginState.Disabled, "Safe mode loads no plugin."), safe.Catalogue.Find("samples.hello") is { } status ? (status.State, status.Reason) : default);
            Assert.Equal(HttpStatusCode.NotFound, (await safe.Client.GetAsync("/plugins/samples.hello/greeting")).StatusCode);
            Assert.Equal("MM1083", (await Assert.ThrowsAsync<PluginRefusedException>(() => safe.Lifecycle.Load(PluginFolders.Hello, default))).Problems.Single().Code);
        }

        await using var host = await PluginTestHost.Start([PluginFolders.Hello]);
        Assert.Equal(HttpStatusCode.OK, (await host.Client.GetAsync("/plugins/samples.hello/greeting")).StatusCode);
    }

    [Fact]
    public async Task A_stack_overflow_at_the_start_keeps_the_plugin_out_after_the_second_time()
    {
        Directory.CreateDirectory(folder["plugins"]);
        PluginFolders.Copy(PluginFolders.Troublesome, folder["plugins/bad"]);
        PluginFolders.Copy(PluginFolders.Hello, folder["plugins/good"]);
        await File.WriteAllTextAsync(folder["plugins/bad/mood"], "overflows the stack in Configure");
        await File.WriteAllTextAsync(folder["registry.json"], new JsonObject
        {
            ["registry"] = 1, ["name"] = "Tests", ["updated"] = "2026-01-01T00:00:00Z", ["serial"] = 1, ["publishers"] = new JsonArray(),
            ["plugins"] = new JsonArray(Known(Id, "bad", "1.0.0"), Known("samples.hello", "good", "0.1.0")),
        }.ToJsonString());
        (string, string)[] environment = [("MEDICINEMAN__Plugins__Folder", folder["plugins"]), ("MEDICINEMAN__Plugins__RegistryFile", folder["registry.json"])];

        for (var start = 0; start < 2; start++)
        {
            var (code, error) = await HostProcess.Fail(environment, "--data", folder["data"]);
            Assert.NotEqual(0, code);
            Assert.Contains("Stack overflow", error, StringComparison.OrdinalIgnoreCase);
        }

        await using var program = await HostProcess.Start(folder["data"], null, environment);
        Assert.Contains($"Plugin {Id} is quarantined: The process died 2 times in a row inside this plugin", program.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("samples.hello", program.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Crumbs_outlive_the_process_and_two_deaths_in_a_row_count()
    {
        Assert.Equal([new Crumb("acme.bad", "route")], Die("acme.bad", "route"));
        Assert.Null(Judged().Reason("acme.bad"));

        // A clean end in between, and the count begins anew.
        Die();
        Assert.Null(Judged().Reason("acme.bad"));
        Die("acme.bad", "job", "medicineman.postgres", "provider");
        Judged();
        Die("acme.bad", "job", "medicineman.postgres", "provider");
        var judged = Judged();

        Assert.Contains("died 2 times in a row", judged.Reason("acme.bad"), StringComparison.Ordinal);
        Assert.Null(judged.Reason("medicineman.postgres"));
        judged.Release("acme.bad");
        Assert.Null(Judged().Reason("acme.bad"));
    }

    [Fact]
    public void A_second_process_beside_the_first_leaves_its_crumbs_alone()
    {
        using var server = new Breadcrumbs(folder["crumbs"]);
        server.Drop(Breadcrumbs.Of("acme.bad", "route"));
        using (var command = new Breadcrumbs(folder["crumbs"]))
        {
            Assert.Empty(command.Left);
            Assert.Equal(-1, command.Drop(Breadcrumbs.Of("acme.other", "route")));
        }

        server.Dispose();
        Assert.Equal(["acme.bad"], Left().Select(crumb => crumb.Plugin));
    }

    [Fact]
    public void What_hangs_inside_a_plugin_when_the_host_stops_in_good_order_is_no_death()
    {
        using (var crumbs = new Breadcrumbs(folder["crumbs"]))
        {
            var hung = crumbs.Drop(Breadcrumbs.Of("acme.hung", "route"));
            crumbs.Sweep();
            crumbs.Pick(hung);
        }

        Assert.Empty(Left());
    }

    private static JsonObject Known(string id, string place, string version) => new()
    {
        ["id"] = id, ["name"] = id, ["source"] = "bundled", ["folder"] = place, ["versions"] = new JsonArray(new JsonObject { ["version"] = version, ["sdk"] = ">=1.0 <2.0" }),
    };

    private IReadOnlyList<Crumb> Left()
    {
        using var next = new Breadcrumbs(folder["crumbs"]);
        return next.Left;
    }

    private IReadOnlyList<Crumb> Die(params string[] inside)
    {
        using (var crumbs = new Breadcrumbs(folder["crumbs"]))
        {
            crumbs.Pick(crumbs.Drop(Breadcrumbs.Of("acme.good", "route")));
            foreach (var pair in inside.Chunk(2))
            {
                crumbs.Drop(Breadcrumbs.Of(pair[0], pair[1]));
            }
        }

        File.Copy(folder["crumbs"], folder["left"], overwrite: true);
        return Left();
    }

    private Quarantine Judged()
    {
        File.Copy(folder["left"], folder["crumbs"], overwrite: true);
        using var crumbs = new Breadcrumbs(folder["crumbs"]);
        return new Quarantine(folder["quarantine.json"], crumbs, TimeProvider.System, NullLogger<Quarantine>.Instance);
    }
}
