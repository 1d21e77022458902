using MedicineMan.Sdk.Testing;

namespace Acme.Sample.Tests;

public sealed class VisitsTests
{
    [Fact]
    public async Task A_visit_is_counted_once_however_often_its_job_runs()
    {
        await using var host = await PluginTestHost.StartAsync<Plugin>();

        await host.RunJobAsync("visit", new VisitArguments("Ada"));
        await host.RunJobAsync("visit", new VisitArguments("Ada"));

        Assert.Equal("1 visits", await host.Client.GetStringAsync("visits"));
        Assert.Equal(1L, (await host.FragmentAsync("visits"))["count"]);
    }
}
