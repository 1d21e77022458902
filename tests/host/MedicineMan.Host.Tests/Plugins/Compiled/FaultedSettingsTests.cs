using System.Text.Json.Nodes;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages;
using MedicineMan.Host.Plugins.Packages.Format;
using MedicineMan.Testbed;
using Microsoft.Extensions.Options;

namespace MedicineMan.Host.Tests.Plugins.Compiled;

/// A plugin that can't start with the settings it finds.
public sealed class FaultedSettingsTests
{
    private const string Id = "tests.choosy";

    [Fact]
    public async Task It_is_loaded_as_soon_as_settings_are_saved_that_it_can_use()
    {
        using var folder = new TemporaryFolder("choosy");
        await using var host = await TestHost.Start();
        var owner = await host.Owner();
        host.Get<IOptions<PluginOptions>>().Value.AllowUnsigned = true;
        await Install(host, folder);
        var status = host.Get<PluginCatalogue>().Find(Id)!;
        Assert.Equal((PluginState.Faulted, "MM1080"), (status.State, status.Code));

        var page = $"/settings/plugins/{Id}/settings";
        await owner.Send(page, ("Settings.word", "swordfish"));
        Assert.Equal(PluginState.Faulted, host.Get<PluginCatalogue>().Find(Id)!.State);
        Assert.Contains("does not start with them either. MM1080", (await owner.Get(page)).Text, StringComparison.Ordinal);

        await owner.Send(page, ("Settings.word", "sesame"));
        Assert.Contains("saved and in force", (await owner.Get(page)).Text, StringComparison.Ordinal);
        Assert.Equal(PluginState.Started, host.Get<PluginCatalogue>().Find(Id)!.State);
        Assert.Equal("open", (await owner.Get($"/plugins/{Id}/door")).Body);
    }

    [Fact]
    public async Task One_that_a_person_disabled_stays_out()
    {
        using var folder = new TemporaryFolder("choosy");
        await using var host = await TestHost.Start();
        var owner = await host.Owner();
        host.Get<IOptions<PluginOptions>>().Value.AllowUnsigned = true;
        await Install(host, folder);
        await host.Get<PluginInstaller>().Disable(Actor.System, Id, CancellationToken.None);

        await owner.Send($"/settings/plugins/{Id}/settings", ("Settings.word", "sesame"));

        Assert.Contains("wait until it is loaded", (await owner.Get($"/settings/plugins/{Id}/settings")).Text, StringComparison.Ordinal);
        Assert.NotEqual(PluginState.Started, host.Get<PluginCatalogue>().Find(Id)!.State);
    }

    private static async Task Install(TestHost host, TemporaryFolder folder)
    {
        CompiledPlugin.Make(folder["plugin"], Id, """
            public void Configure(IPluginBuilder plugin)
            {
                plugin.Settings((System.Text.Json.Serialization.Metadata.JsonTypeInfo<Choice>)System.Text.Json.JsonSerializerOptions.Web.GetTypeInfo(typeof(Choice)));
                plugin.Routes(routes => routes.MapGet("/door", (RequestDelegate)(context => context.Response.WriteAsync("open"))));
            }

            public sealed class Choice
            {
                public string Word { get => ""; set { if (value != "sesame") { throw new UserFacingException($"The word {value} opens nothing."); } } }
            }
            """, ["/door"], manifest => manifest["settings"] = JsonNode.Parse("""{ "type": "object", "properties": { "word": { "type": "string", "title": "Word", "default": "abracadabra" } } }"""));
        await PackageWriter.Write(folder["plugin"], Id, "1.0.0", folder["choosy.mmp"], CancellationToken.None);
        await using var package = File.OpenRead(folder["choosy.mmp"]);
        await Assert.ThrowsAsync<PluginRefusedException>(() => host.Get<PluginInstaller>().Upload(Actor.System, new SentPackage(package, null), null, CancellationToken.None));
    }
}
