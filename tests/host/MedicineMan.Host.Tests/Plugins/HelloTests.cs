using System.Net;
using System.Text.Json;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Plugins.Fragments;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Tests.Plugins;

/// The sample, loaded from the folder it was built into.
public sealed class HelloTests
{
    [Fact]
    public async Task Hello_answers_under_its_own_address_with_its_own_services()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Hello]);

        Assert.Equal("Hello, world, from Hello 0.1.0.", await host.Client.GetStringAsync("/plugins/samples.hello/greeting"));
        Assert.Equal(HttpStatusCode.NotFound, (await host.Client.GetAsync("/greeting")).StatusCode);
    }

    [Fact]
    public async Task Nobody_reaches_a_route_without_signing_in()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Hello]);
        host.Client.DefaultRequestHeaders.Remove("X-Role");

        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Client.GetAsync("/plugins/samples.hello/greeting")).StatusCode);
    }

    [Fact]
    public async Task Its_job_runs_by_name_and_json_and_its_card_shows_what_the_job_did()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Hello]);
        var job = Assert.Single(host.Of<PluginJobs>().All());
        var run = new RecordedRun();

        await host.Of<PluginJobs>().Run(job.Type, JsonElement.Parse("""{"name": "Ada <b>"}"""), run, CancellationToken.None);
        var card = Assert.Single(await host.Of<Fragments>().Render("dashboard.card", null, "en", CancellationToken.None));

        Assert.Equal("plugin:samples.hello/greet", job.Type);
        Assert.Equal(["Hello, Ada <b>, from Hello 0.1.0."], run.Lines);
        Assert.Single(run.Reports);
        Assert.False(card.Faulted, card.Message);
        Assert.Contains("Hello, Ada &lt;b&gt;", card.Html, StringComparison.Ordinal);
        Assert.Contains("<span class=\"badge bg-green-lt\">running</span>", card.Html, StringComparison.Ordinal);
        Assert.Contains("<time datetime=\"20", card.Html, StringComparison.Ordinal);
        Assert.Contains("href=\"/plugins/samples.hello/greeting\"", card.Html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"name": 7}""")]
    [InlineData("""null""")]
    [InlineData("""{"name": " "}""")]
    public async Task Arguments_it_cannot_use_fail_with_a_sentence_and_are_no_fault(string arguments)
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Hello]);

        var failure = await Assert.ThrowsAsync<UserFacingException>(() =>
            host.Of<PluginJobs>().Run("plugin:samples.hello/greet", JsonElement.Parse(arguments), new RecordedRun(), CancellationToken.None));

        Assert.True(failure.Permanent);
        Assert.Equal(0, host.Catalogue.Find("samples.hello")!.Faults);
    }

    [Fact]
    public async Task The_settings_page_can_say_all_about_it()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Hello]);

        var status = host.Catalogue.Find("samples.hello")!;

        Assert.Equal((PluginState.Started, "Hello", "0.1.0", "samples"), (status.State, status.Name, status.Version, status.Publisher));
        Assert.Equal(["route GET /greeting", "job greet", "fragment greeting in dashboard.card"], status.Contributions);
        Assert.True(status.LoadMilliseconds > 0);
    }

    [Fact]
    public async Task A_disabled_plugin_is_listed_and_not_loaded()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Hello], options => options.Disabled.Add("samples.hello"));

        Assert.Equal(PluginState.Disabled, host.Catalogue.Find("samples.hello")!.State);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Client.GetAsync("/plugins/samples.hello/greeting")).StatusCode);
    }
}
