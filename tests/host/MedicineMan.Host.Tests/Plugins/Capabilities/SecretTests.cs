using System.Text.Json;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Plugins.Capabilities;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Notifications;

namespace MedicineMan.Host.Tests.Plugins.Capabilities;

/// A plugin opens its own secrets and those handed to it, and each opening stands in the audit trail.
public sealed class SecretTests
{
    private static readonly Notification News = new() { Id = "1", Severity = Severity.Info, Title = "News", At = DateTimeOffset.UnixEpoch };

    [Fact]
    public async Task Its_own_secret_opens_and_another_ones_does_not()
    {
        await using var curious = await CuriousHost.Start();
        var own = await curious.Secret(LentSecrets.KindOf(CuriousHost.Id), "swordfish");
        var ssh = await curious.Secret("ssh-password", "hunter2");
        var neighbour = await curious.Secret(LentSecrets.KindOf("tests.neighbour"), "hunter3");

        Assert.Equal("swordfish", await curious.Ask("secret", ("id", own)));
        foreach (var foreign in (string[])[ssh, neighbour, "no-such-secret"])
        {
            Assert.Equal("!The capability secrets is needed: Curious asked for a secret that is neither in its settings nor was handed to it.", await curious.Ask("secret", ("id", foreign)));
        }

        var trail = (await curious.Audit()).Items;
        var opened = Assert.Single(trail, row => row.Action == "secret.opened");
        Assert.Equal((own, CuriousHost.Id, "a test"), (opened.SubjectId, opened.ActorId, (string?)JsonDocument.Parse(opened.Detail!).RootElement.GetProperty("purpose").GetString()));
        Assert.Single(await curious.Refusals());
        Assert.Equal(3, curious.Status.Faults);
    }

    [Fact]
    public async Task Without_the_capability_not_even_its_own_secret_opens()
    {
        await using var curious = await CuriousHost.Start(change: CuriousHost.Without("secrets"));
        var own = await curious.Secret(LentSecrets.KindOf(CuriousHost.Id), "swordfish");

        Assert.StartsWith("!The capability secrets is needed: without it", await curious.Ask("secret", ("id", own)), StringComparison.Ordinal);
        Assert.DoesNotContain((await curious.Audit()).Items, row => row.Action == "secret.opened");
        Assert.Single(await curious.Refusals());
    }

    [Fact]
    public async Task A_secret_handed_over_with_settings_opens_for_the_length_of_that_call()
    {
        await using var curious = await CuriousHost.Start();
        var token = await curious.Secret("channel", "ding");
        var bell = curious.Host.Get<Providers>().Get<INotifier>("bell");

        await bell.SendAsync(JsonElement.Parse($$"""{ "token": "{{token}}" }"""), News, CancellationToken.None);
        Assert.Equal("News ding", await curious.Ask("store", ("key", "rung")));
        Assert.StartsWith("!The capability secrets is needed", await curious.Ask("secret", ("id", token)), StringComparison.Ordinal);

        await bell.SendAsync(JsonElement.Parse("{}"), News, CancellationToken.None);
        Assert.Equal("secrets", await curious.Ask("store", ("key", "afterwards")));
    }

    [Fact]
    public async Task A_handle_in_a_field_that_is_no_secret_is_only_text()
    {
        await using var curious = await CuriousHost.Start();
        var ssh = await curious.Secret("ssh-password", "hunter2");
        var bell = curious.Host.Get<Providers>().Get<INotifier>("bell");

        var refused = await Assert.ThrowsAsync<CapabilityDeniedException>(() => bell.SendAsync(JsonElement.Parse($$"""{ "label": "{{ssh}}" }"""), News, CancellationToken.None));

        Assert.Equal("secrets", refused.Capability);
        Assert.Single(await curious.Refusals());
    }
}
