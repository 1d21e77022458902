using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedicineMan.Host.Plugins;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Host.Tests.Plugins;

/// A plugin whose routes, jobs and providers go wrong at work.
public sealed class ContainmentTests
{
    [Fact]
    public async Task A_route_that_throws_is_answered_by_the_host_and_counted()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Troublesome]);

        var answer = await host.Client.GetAsync("/plugins/tests.troublesome/throw");
        var problem = (await answer.Content.ReadFromJsonAsync<JsonObject>())!;

        Assert.Equal((HttpStatusCode.InternalServerError, "application/problem+json"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        Assert.Equal("The plugin Troublesome failed.", (string?)problem["title"]);
        var status = host.Catalogue.Find("tests.troublesome")!;
        Assert.Equal((1, "route GET /plugins/tests.troublesome/throw", "InvalidOperationException: no answer today"),
            (status.Faults, status.LatestFaults[0].Where, status.LatestFaults[0].Message));
    }

    [Fact]
    public async Task A_sentence_from_a_route_reaches_the_person_and_is_no_fault()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Troublesome]);

        var answer = await host.Client.GetAsync("/plugins/tests.troublesome/sentence");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("The moon is full. Try again tomorrow.", (string?)(await answer.Content.ReadFromJsonAsync<JsonObject>())!["title"]);
        Assert.Equal(0, host.Catalogue.Find("tests.troublesome")!.Faults);
    }

    [Fact]
    public async Task A_route_that_hangs_is_cut_at_the_limit()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Troublesome], options => options.RouteTimeLimit = TimeSpan.FromMilliseconds(300));

        Assert.Equal(HttpStatusCode.GatewayTimeout, (await host.Client.GetAsync("/plugins/tests.troublesome/hang")).StatusCode);
        Assert.Equal(1, host.Catalogue.Find("tests.troublesome")!.Faults);
    }

    [Fact]
    public async Task The_manifest_decides_who_may_call_whatever_the_code_says()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Troublesome]);
        host.Client.DefaultRequestHeaders.Remove("X-Role");

        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Client.GetAsync("/plugins/tests.troublesome/anonymous")).StatusCode);
        host.Client.DefaultRequestHeaders.Add("X-Role", "viewer");
        Assert.Equal(HttpStatusCode.Forbidden, (await host.Client.GetAsync("/plugins/tests.troublesome/anonymous")).StatusCode);
    }

    [Fact]
    public async Task A_change_needs_the_anti_forgery_token_that_a_forged_request_lacks()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Troublesome]);

        Assert.Equal(HttpStatusCode.BadRequest, (await host.Client.PostAsync("/plugins/tests.troublesome/act", null)).StatusCode);
        host.Client.DefaultRequestHeaders.Add("Authorization", "Bearer token");
        Assert.Equal("done", await (await host.Client.PostAsync("/plugins/tests.troublesome/act", null)).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_job_and_a_provider_that_throw_are_counted_and_the_exception_goes_on()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Troublesome]);
        var storage = host.Of<Providers>().Get<IStorageProvider>("swamp");

        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            host.Of<PluginJobs>().Run("plugin:tests.troublesome/fail", JsonElement.Parse("""{"reason": "x"}"""), new RecordedRun(), CancellationToken.None));
        await Assert.ThrowsAsync<InvalidOperationException>(() => storage.OpenAsync(default, CancellationToken.None).AsTask());

        Assert.Equal(["provider swamp", "job fail"], host.Catalogue.Find("tests.troublesome")!.LatestFaults.Select(fault => fault.Where));
        Assert.Equal("Swamp", storage.DisplayName);
    }

    [Fact]
    public async Task An_unknown_kind_or_job_is_a_sentence_that_names_what_is_known()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Troublesome]);

        var kind = Assert.Throws<UserFacingException>(() => host.Of<Providers>().Get<IStorageProvider>("ocean"));
        var job = await Assert.ThrowsAsync<UserFacingException>(() => host.Of<PluginJobs>().Run("plugin:no.such/job", default, new RecordedRun(), CancellationToken.None));

        Assert.Contains("storage \"ocean\". Known are swamp", kind.Message, StringComparison.Ordinal);
        Assert.Contains("plugin:no.such/job", job.Message, StringComparison.Ordinal);
        Assert.False(job.Permanent);
    }
}
