using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Plugins.Fragments;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Sdk.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MedicineMan.Host.Tests.Plugins;

/// Versions that come and go while the host runs.
public sealed class SwapTests
{
    [Fact]
    public async Task A_new_version_that_does_not_hold_leaves_the_old_one_in_use()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Hello]);
        var folder = PluginFolders.Copy(PluginFolders.Hello, host.Place("broken"), manifest => manifest["version"] = "0.2.0");
        await File.WriteAllBytesAsync(Path.Combine(folder, "MedicineMan.Samples.Hello.dll"), [1, 2, 3]);

        var refused = await Assert.ThrowsAsync<PluginRefusedException>(() => host.Lifecycle.Load(folder, CancellationToken.None));

        Assert.Equal("MM1010", Assert.Single(refused.Problems).Code);
        Assert.Equal("Hello, world, from Hello 0.1.0.", await host.Client.GetStringAsync("/plugins/samples.hello/greeting"));
        Assert.Equal((PluginState.Started, "0.1.0"), (host.Catalogue.Find("samples.hello")!.State, host.Catalogue.Find("samples.hello")!.Version));
    }

    [Fact]
    public async Task A_second_plugin_for_the_same_kind_is_refused_and_the_first_stays()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Troublesome]);
        var folder = PluginFolders.Copy(PluginFolders.Troublesome, host.Place("twin"), manifest => manifest["id"] = "tests.twin");

        var refused = await Assert.ThrowsAsync<PluginRefusedException>(() => host.Lifecycle.Load(folder, CancellationToken.None));

        Assert.Equal("tests.troublesome", Assert.Single(host.Of<Providers>().All<IStorageProvider>()).PluginId);
        Assert.Equal("MM1019", Assert.Single(refused.Problems).Code);
        Assert.Null(host.Catalogue.Find("tests.twin"));
        Assert.Equal(HttpStatusCode.NotFound, (await host.Client.GetAsync("/plugins/tests.twin/anonymous")).StatusCode);
    }

    [Fact]
    public async Task The_host_s_own_endpoints_are_the_same_ones_after_a_plugin_went()
    {
        await using var host = await TestHost.Start();
        Endpoint[] Own() => [.. host.Get<EndpointDataSource>().Endpoints.Where(endpoint => endpoint is RouteEndpoint { RoutePattern.RawText: { } route } && route.StartsWith("/api/", StringComparison.Ordinal))];
        var before = Own();

        await host.Get<PluginLifecycle>().Retire(host.Get<PluginCatalogue>().Active[0].Manifest.Id);

        Assert.NotEmpty(before);
        Assert.Equal(before, Own());
    }

    [Fact]
    public async Task A_retired_plugin_is_out_of_reach_and_its_code_is_collected()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Hello]);

        await UseEverythingAndRetire(host);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Client.GetAsync("/plugins/samples.hello/greeting")).StatusCode);
        Assert.Equal(PluginState.Retired, host.Catalogue.Find("samples.hello")!.State);
        Assert.Equal(0, await ResidentAfterCollections(host));
    }

    [Fact]
    public async Task A_retired_version_that_something_holds_is_counted()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Hello]);
        var held = host.Catalogue.Active[0].Endpoints;

        await host.Lifecycle.Retire("samples.hello");

        Assert.Equal(1, await ResidentAfterCollections(host));
        GC.KeepAlive(held);
    }

    private static async Task<int> ResidentAfterCollections(PluginTestHost host)
    {
        for (var round = 0; host.Catalogue.Find("samples.hello")!.Resident > 0 && round < 40; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(25);
        }

        return host.Catalogue.Find("samples.hello")!.Resident;
    }

    // A frame of its own: the caller's locals would keep what was touched here.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task UseEverythingAndRetire(PluginTestHost host)
    {
        await host.Client.GetStringAsync("/plugins/samples.hello/greeting");
        await host.Of<PluginJobs>().Run("plugin:samples.hello/greet", JsonElement.Parse("""{"name": "Ada"}"""), new RecordedRun(), CancellationToken.None);
        Assert.Single(await host.Of<Fragments>().Render("dashboard.card", null, "en", CancellationToken.None));
        await host.Lifecycle.Retire("samples.hello");
    }
}
