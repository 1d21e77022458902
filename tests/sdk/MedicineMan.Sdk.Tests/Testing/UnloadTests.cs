using System.Reflection;
using MedicineMan.Sdk.Testing;

namespace MedicineMan.Sdk.Tests.Testing;

public sealed class UnloadTests
{
    [Fact]
    public Task A_plugin_that_lets_go_is_collected() => PluginTestHost.AssertUnloadsAsync(Built("MedicineMan.Samples.Hello"), async host =>
    {
        await host.RunStoredJobAsync("greet", """{"name": "Ada"}""");
        Assert.Equal("Hello, world, from Hello 0.1.0.", await host.Client.GetStringAsync("greeting"));
    });

    [Fact]
    public async Task A_plugin_that_clings_to_a_timer_is_found_out()
    {
        var failure = await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() => PluginTestHost.AssertUnloadsAsync(Built("MedicineMan.TestPlugins.Clinging")));
        Assert.Contains("is still held", failure.Message, StringComparison.Ordinal);
    }

    private static string Built(string assembly) =>
        typeof(UnloadTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == assembly).Value!;
}
