using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Clouds;
using MedicineMan.Sdk.Secrets;

namespace Acme.Sample;

/// <summary>One account. Nothing is sent twice by itself: the host looks for an order by its name when an answer was lost.</summary>
public sealed class ExampleAccount(IPluginContext host, SecretRef token) : ICloudAccount
{
    private static readonly Uri Api = new("https://api.example.com/");

    public Task<CloudBalance> BalanceAsync(CancellationToken cancel) => AskAsync(HttpMethod.Get, "account", null, CloudJson.Default.CloudBalance, cancel);

    public Task<CloudOptions> OptionsAsync(CancellationToken cancel) => AskAsync(HttpMethod.Get, "options", null, CloudJson.Default.CloudOptions, cancel);

    public async IAsyncEnumerable<CloudInstance> ListAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (var instance in await AskAsync(HttpMethod.Get, "servers", null, CloudJson.Default.CloudInstanceArray, cancel))
        {
            yield return instance;
        }
    }

    public Task<CloudInstance> CreateAsync(NewInstance wanted, CancellationToken cancel) =>
        AskAsync(HttpMethod.Post, "servers", JsonContent.Create(wanted, CloudJson.Default.NewInstance), CloudJson.Default.CloudInstance, cancel);

    public async Task ActAsync(string instanceId, CloudAction action, CancellationToken cancel)
    {
        var server = $"servers/{Uri.EscapeDataString(instanceId)}";
        var (method, path) = action switch
        {
            CloudAction.Delete => (HttpMethod.Delete, server),
            CloudAction.Restart => (HttpMethod.Post, $"{server}/restart"),
            CloudAction.Rebuild rebuild => (HttpMethod.Post, $"{server}/rebuild?image={Uri.EscapeDataString(rebuild.ImageId)}"),
            CloudAction.Resize resize => (HttpMethod.Post, $"{server}/resize?size={Uri.EscapeDataString(resize.SizeId)}"),
            _ => throw new UserFacingException($"This cloud knows no {action.GetType().Name}.") { Permanent = true },
        };
        using var answer = await SendAsync(method, path, null, cancel);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<T> AskAsync<T>(HttpMethod method, string path, HttpContent? content, JsonTypeInfo<T> type, CancellationToken cancel)
    {
        using var answer = await SendAsync(method, path, content, cancel);
        await using var body = await answer.Content.ReadAsStreamAsync(cancel);
        return await JsonSerializer.DeserializeAsync(body, type, cancel) ?? throw new UserFacingException($"The cloud answered {path} with nothing. Try again.");
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        using var request = new HttpRequestMessage(method, new Uri(Api, path)) { Content = content };
        using (var lease = await host.Secrets.OpenAsync(token, "call the cloud's API", cancel))
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", lease.Text());
        }

        try
        {
            var answer = await host.Http.SendAsync(request, cancel);
            if (answer.IsSuccessStatusCode)
            {
                return answer;
            }

            answer.Dispose();
            throw new UserFacingException($"The cloud refused {path.Split('?')[0]} with {(int)answer.StatusCode}. Look at the account's token and at what was ordered.");
        }
        catch (HttpRequestException broken)
        {
            throw new UserFacingException($"{Api.Host} cannot be reached: {broken.Message}", broken);
        }
    }
}

[JsonSerializable(typeof(CloudBalance))]
[JsonSerializable(typeof(CloudOptions))]
[JsonSerializable(typeof(CloudInstance[]))]
[JsonSerializable(typeof(NewInstance))]
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
internal sealed partial class CloudJson : JsonSerializerContext;
