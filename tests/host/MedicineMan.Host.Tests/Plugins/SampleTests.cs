using MedicineMan.Host.Plugins;

namespace MedicineMan.Host.Tests.Plugins;

/// The samples in the host itself, as they were built: manifests, templates and what they carry hold.
public sealed class SampleTests
{
    [Theory]
    [InlineData("Hello", "route GET /greeting, job greet, fragment greeting in dashboard.card")]
    [InlineData("Chart", "job measure, fragment chart in nav.page")]
    [InlineData("SqliteFiles", "backup sqlite")]
    [InlineData("MirroredFolders", "storage mirrored")]
    [InlineData("Uptime", "scanner uptime")]
    [InlineData("Webhook", "notifier webhook")]
    [InlineData("Permits", "route GET /requests, route POST /requests/{name}/grant, permission grant")]
    public async Task It_is_loaded_with_all_it_contributes(string sample, string contributions)
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Sample(sample)]);

        var status = Assert.Single(host.Catalogue.List());

        Assert.True(status.State == PluginState.Started, status.Reason);
        Assert.Equal(contributions, string.Join(", ", status.Contributions));
    }
}
