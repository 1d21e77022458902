using MedicineMan.Host.Plugins;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Plugins.Compiled;

/// Handlers whose parameters the framework fills in, out of the address and the plugin's own services.
public sealed class TypedRouteTests
{
    private const string Route = "plugin.Routes(routes => routes.MapGet(\"/typed\", (string? name, int? times, Shelf shelf) => $\"{times} {name} {shelf}\"));";

    [Fact]
    public async Task A_parameter_is_filled_in_from_the_address_and_the_plugins_services()
    {
        using var folder = new TemporaryFolder("typed");
        await using var host = await PluginTestHost.Start([Made(folder, $"plugin.Services.AddSingleton<Shelf>(); {Route}")]);

        Assert.Equal("3 soap shelf", await host.Client.GetStringAsync("/plugins/tests.typed/typed?name=soap&times=3"));
        Assert.Equal("  shelf", await host.Client.GetStringAsync("/plugins/tests.typed/typed"));
    }

    [Fact]
    public async Task A_service_that_nobody_registered_is_named_when_the_plugin_is_loaded()
    {
        using var folder = new TemporaryFolder("typed");
        await using var host = await PluginTestHost.Start([]);

        var refused = await Assert.ThrowsAsync<PluginRefusedException>(() => host.Lifecycle.Load(Made(folder, Route), default));

        var problem = Assert.Single(refused.Problems);
        Assert.Equal("MM1018", problem.Code);
        Assert.Matches("The routes of tests.typed 1.0.0 can't be mapped: .*shelf.* register ", problem.What.ReplaceLineEndings(" "));
    }

    private static string Made(TemporaryFolder folder, string configure) => CompiledPlugin.Make(folder["plugin"], "tests.typed", $$"""
        public sealed class Shelf { public override string ToString() => "shelf"; }

        public void Configure(IPluginBuilder plugin)
        {
            {{configure}}
        }
        """, ["/typed"]);
}
