using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using MedicineMan.Sdk.Clouds;
using MedicineMan.Sdk.Testing;
using MedicineMan.Sdk.Testing.Clouds;

namespace Acme.Sample.Tests;

public sealed class ExampleCloudTests : CloudProviderContract, IAsyncLifetime
{
    private PluginTestHost host = null!;

    protected override ICloudProvider Provider => host.Provider<ICloudProvider>("example");

    protected override string Secret => "wrong token";

    public async Task InitializeAsync() => host = await PluginTestHost.StartAsync<Plugin>(setup => setup.Http = new StandIn());

    public async Task DisposeAsync() => await host.DisposeAsync();

    protected override Task<JsonElement> SettingsAsync() => Task.FromResult(Settings("right token"));

    protected override Task<JsonElement> RefusedSettingsAsync() => Task.FromResult(Settings(Secret));

    private JsonElement Settings(string token) => JsonSerializer.SerializeToElement(new { token = host.Setup.Secrets.Add(token).Id });

    /// Stands in for the cloud: one region, two sizes, two images, and what was ordered.
    private sealed class StandIn : HttpMessageHandler
    {
        private readonly List<CloudInstance> instances = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var path = request.RequestUri!.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries);
            if (request.Headers.Authorization?.Parameter != "right token")
            {
                return new HttpResponseMessage(HttpStatusCode.Unauthorized);
            }

            switch (request.Method.Method, path)
            {
                case ("GET", ["account"]):
                    return Answer(new CloudBalance("ada@example.com", 12.5m, 0, "USD"));
                case ("GET", ["options"]):
                    return Answer(new CloudOptions(
                        [new CloudRegion("ams", "Amsterdam")],
                        [new CloudSize("s1", "Small", 1, 1L << 30, 20L << 30, 0.01m), new CloudSize("s2", "Large", 4, 8L << 30, 80L << 30, 0.08m)],
                        [new CloudImage("debian-12", "Debian 12"), new CloudImage("debian-13", "Debian 13")]));
                case ("GET", ["servers"]):
                    return Answer(instances);
                case ("POST", ["servers"]):
                    var wanted = (await request.Content!.ReadFromJsonAsync<NewInstance>(cancellationToken))!;
                    if (!wanted.ImageId.StartsWith("debian", StringComparison.Ordinal))
                    {
                        return new HttpResponseMessage(HttpStatusCode.BadRequest);
                    }

                    instances.Add(new CloudInstance($"i{instances.Count}", wanted.Name, InstanceState.Pending, null, wanted.RegionId, wanted.SizeId, wanted.ImageId, 0.01m, null));
                    return Answer(instances[^1]);
                case (_, ["servers", var id, ..]) when instances.Find(one => one.Id == id) is { } found:
                    if (request.Method == HttpMethod.Delete)
                    {
                        instances.Remove(found);
                    }

                    return new HttpResponseMessage(HttpStatusCode.NoContent);
                default:
                    return new HttpResponseMessage(HttpStatusCode.NotFound);
            }
        }

        private static HttpResponseMessage Answer<T>(T body) => new(HttpStatusCode.OK) { Content = JsonContent.Create(body) };
    }
}
