using System.Text.Json;
using MedicineMan.Samples.Webhook;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Notifications;
using MedicineMan.Sdk.Secrets;
using MedicineMan.Sdk.Testing;
using MedicineMan.Sdk.Testing.Notifications;

namespace MedicineMan.Samples.Tests;

/// Over real HTTP to loopback.
public sealed class WebhookTests : NotifierContract, IAsyncLifetime
{
    private Receiver receiver = null!;
    private PluginTestHost host = null!;
    private SecretRef token;

    protected override INotifier Notifier => host.Provider<INotifier>("webhook");

    protected override string Secret => "correct horse";

    public async Task InitializeAsync()
    {
        receiver = await Receiver.Start();
        host = await Samples.Start<WebhookPlugin>(setup =>
        {
            setup.Widen("net", receiver.Authority);
            token = setup.Secrets.Add(Secret);
        });
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await receiver.DisposeAsync();
    }

    [Fact]
    public async Task The_token_is_sent_and_its_opening_leaves_a_trace()
    {
        await Notifier.SendAsync(await SettingsAsync(), Some, default);
        Assert.Equal("Bearer correct horse", Assert.Single(receiver.Received).Authorization);
        Assert.Equal(["sign in to the webhook"], host.Setup.Secrets.Opened);
    }

    [Fact]
    public async Task A_host_that_the_manifest_does_not_name_is_never_called()
    {
        await using var other = await Receiver.Start();
        await Assert.ThrowsAsync<CapabilityDeniedException>(() => Notifier.SendAsync(Settings(other.Address + "/take"), Some, default));
        Assert.Empty(other.Received);
    }

    [Fact]
    public async Task A_receiver_that_is_gone_may_be_tried_again()
    {
        var settings = await SettingsAsync();
        await receiver.DisposeAsync();
        var failure = await Assert.ThrowsAsync<UserFacingException>(() => Notifier.SendAsync(settings, Some, default));
        Assert.False(failure.Permanent);
        Assert.Contains("cannot be reached", failure.Message, StringComparison.Ordinal);
    }

    protected override Task<JsonElement> SettingsAsync() => Task.FromResult(Settings(receiver.Address + "/take"));

    protected override Task<JsonElement> BrokenSettingsAsync() => Task.FromResult(Settings(receiver.Address + "/refuse"));

    protected override Task<IReadOnlyList<string>> ReceivedAsync() => Task.FromResult<IReadOnlyList<string>>(
        [.. receiver.Received.Select(one => JsonElement.Parse(one.Body)).Select(body => $"{body.GetProperty("title").GetString()}\n{body.GetProperty("text").GetString()}")]);

    private static Notification Some => new() { Id = "1", Severity = Severity.Info, Title = "Proven", At = DateTimeOffset.UnixEpoch };

    private JsonElement Settings(string url) => JsonSerializer.SerializeToElement(new { url, token = token.Id });
}
