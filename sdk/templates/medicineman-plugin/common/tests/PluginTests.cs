using MedicineMan.Sdk.Testing;

namespace Acme.Sample.Tests;

/// What holds for every plugin.
public sealed class PluginTests
{
    [Fact]
    public async Task It_starts_and_registers_no_more_than_its_manifest_names()
    {
        await using var host = await PluginTestHost.StartAsync<Plugin>();
        Assert.Equal("PLUGIN_ID", host.Info.Id);
    }

    [Fact]
    public Task Its_code_is_collected_once_it_is_let_go() => PluginTestHost.AssertUnloadsAsync(AppContext.BaseDirectory);
}
