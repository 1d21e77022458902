using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using MedicineMan.Sdk.Notifications;
using MedicineMan.Sdk.Testing;
using MedicineMan.Sdk.Testing.Notifications;

namespace Acme.Sample.Tests;

public sealed class PlainTextTests : NotifierContract, IAsyncLifetime
{
    private readonly StandIn web = new();
    private PluginTestHost host = null!;

    protected override INotifier Notifier => host.Provider<INotifier>("plain-text");

    public async Task InitializeAsync() => host = await PluginTestHost.StartAsync<Plugin>(setup => setup.Http = web);

    public async Task DisposeAsync() => await host.DisposeAsync();

    protected override Task<JsonElement> SettingsAsync() => Task.FromResult(JsonElement.Parse("""{"url": "https://ntfy.example.com/alerts"}"""));

    protected override Task<JsonElement> BrokenSettingsAsync() => Task.FromResult(JsonElement.Parse("""{"url": "https://ntfy.example.com/refuse"}"""));

    protected override Task<IReadOnlyList<string>> ReceivedAsync() => Task.FromResult<IReadOnlyList<string>>([.. web.Bodies]);

    /// Stands in for the channel.
    private sealed class StandIn : HttpMessageHandler
    {
        public ConcurrentQueue<string> Bodies { get; } = new();

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.RequestUri!.AbsolutePath == "/refuse")
            {
                return new HttpResponseMessage(HttpStatusCode.Forbidden);
            }

            Bodies.Enqueue(await request.Content!.ReadAsStringAsync(cancellationToken));
            return new HttpResponseMessage(HttpStatusCode.OK);
        }
    }
}
