using MedicineMan.Host.Plugins;

namespace MedicineMan.Host.Tests.Plugins;

public sealed class PluginPageTests
{
    [Fact]
    public async Task Every_plugin_is_listed_with_its_state_its_rights_and_what_it_adds()
    {
        await using var host = await TestHost.Start();
        var page = await (await host.Owner()).Get("/settings/plugins");

        Assert.NotEmpty(host.Get<PluginCatalogue>().List());
        foreach (var plugin in host.Get<PluginCatalogue>().List())
        {
            var card = page.Page.GetElementById($"plugin-{plugin.Id}")!.TextContent;
            Assert.All(
                (string[])[plugin.Name, plugin.Version, "Running", .. plugin.Contributions, .. plugin.Capabilities.Select(capability => capability.Reason)],
                expected => Assert.Contains(expected, card, StringComparison.Ordinal));
        }

        var names = page.Page.QuerySelectorAll("section.card h2 a").Select(name => name.TextContent).ToList();
        Assert.Equal(names.Order(StringComparer.OrdinalIgnoreCase), names);
        Assert.Matches(@"medicineman\.postgres by medicineman · exec, secrets", page.Page.QuerySelector("#plugin-medicineman\\.postgres summary")!.TextContent);
        Assert.Contains("with all the rights it has", page.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_faulted_plugin_and_a_broken_registry_say_why()
    {
        await using var host = await TestHost.Start();
        var owner = await host.Owner();
        var entry = new PluginEntry("org.example.broken", "Broken", new PluginOptions(), TimeProvider.System);
        entry.Refuse([new("MM1003", "Its file is <missing>.", "It can't run.", "Install it again.")]);
        entry.Record("job greet", new InvalidOperationException("boom"));
        host.Get<PluginCatalogue>().Put(entry);
        host.Get<PluginCatalogue>().Problem = "MM1006 The registry does not hold.";

        var page = await owner.Get("/settings/plugins");
        var card = page.Page.GetElementById("plugin-org.example.broken")!.TextContent;
        Assert.All((string[])["Faulted", "MM1003", "Its file is <missing>.", "job greet", "boom"], expected => Assert.Contains(expected, card, StringComparison.Ordinal));
        Assert.Contains("The registry does not hold", page.Page.QuerySelector("[role=alert]")!.TextContent, StringComparison.Ordinal);
    }
}
