using System.Net;
using MedicineMan.Host.Plugins;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Plugins.Faults;

/// A plugin that fails too often rests, and as many calls as it may have at once are let in.
public sealed class BreakerTests
{
    private const string Id = "tests.troublesome";

    [Fact]
    public async Task A_plugin_that_fails_too_often_rests_and_is_tried_again()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Troublesome], options => (options.BreakerFaults, options.BreakerPause) = (3, TimeSpan.FromSeconds(2)));
        for (var call = 0; call < 3; call++)
        {
            Assert.Equal(HttpStatusCode.InternalServerError, (await host.Client.GetAsync($"/plugins/{Id}/throw")).StatusCode);
        }

        var resting = await host.Client.GetAsync($"/plugins/{Id}/sentence");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, resting.StatusCode);
        Assert.NotNull(resting.Headers.RetryAfter);
        Assert.Contains("failed too often and rests until", await resting.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal((PluginState.Started, 3), (host.Catalogue.Find(Id)!.State, host.Catalogue.Find(Id)!.Faults));

        await Eventually.Holds(async () => (await host.Client.GetAsync($"/plugins/{Id}/sentence")).StatusCode is HttpStatusCode.BadRequest);

        // It has only just come back: one more failure is enough, and a person can still have it tried at once.
        Assert.Equal(HttpStatusCode.InternalServerError, (await host.Client.GetAsync($"/plugins/{Id}/throw")).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await host.Client.GetAsync($"/plugins/{Id}/sentence")).StatusCode);
        host.Catalogue.Entry(Id)!.Breaker.Reset();
        Assert.Equal(HttpStatusCode.BadRequest, (await host.Client.GetAsync($"/plugins/{Id}/sentence")).StatusCode);
    }

    [Fact]
    public async Task A_call_beyond_what_it_may_have_at_once_is_turned_away()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Troublesome], options => options.MostAtOnce = 1);
        using var leave = new CancellationTokenSource();
        var hanging = Task.FromResult(new HttpResponseMessage());
        await Eventually.Holds(async () =>
        {
            // On a busy machine the other one may have been inside first, and this one was turned away.
            hanging = hanging.IsCompleted ? host.Client.GetAsync($"/plugins/{Id}/hang", leave.Token) : hanging;
            return (await host.Client.GetAsync($"/plugins/{Id}/sentence")).StatusCode is HttpStatusCode.TooManyRequests && !hanging.IsCompleted;
        });
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hanging);
    }

    [Fact]
    public async Task What_it_was_called_for_and_what_it_logged_are_kept()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Troublesome]);
        await host.Client.GetAsync($"/plugins/{Id}/sentence");
        await host.Client.GetAsync($"/plugins/{Id}/throw");

        var entry = host.Catalogue.Entry(Id)!;
        var routes = Assert.Single(entry.Measures.Read());
        Assert.Equal(("route", 2), (routes.Kind, routes.Calls));
        Assert.True(routes.MedianMilliseconds > 0 && routes.SlowMilliseconds >= routes.MedianMilliseconds);
        Assert.Contains(entry.Log.Lines, line => line.Message == "Started in the mood \"\"");
    }
}
