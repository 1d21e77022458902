using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Notifications;
using MedicineMan.Sdk.Secrets;

namespace MedicineMan.Samples.Webhook;

/// Posts each notification to an address. The receiver can tell a repetition by the id.
internal sealed class WebhookNotifier(IPluginContext host) : INotifier
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(20);

    public string DisplayName => "Webhook";

    public async Task SendAsync(JsonElement settings, Notification notification, CancellationToken cancel)
    {
        var address = Address(settings);
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = JsonContent.Create(Document.Of(notification), WebhookJson.Default.Document),
        };
        if (settings.Secret("token") is { } token)
        {
            using var lease = await host.Secrets.OpenAsync(token, "sign in to the webhook", cancel);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", lease.Text());
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeLimit);
        try
        {
            using var answer = await host.Http.SendAsync(request, limit.Token);
            if (!answer.IsSuccessStatusCode)
            {
                throw new UserFacingException($"{address.Host} refused the notification with {(int)answer.StatusCode}. Look at the channel's address and token.")
                {
                    Permanent = answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden,
                };
            }
        }
        catch (HttpRequestException broken)
        {
            throw new UserFacingException($"{address.Host} cannot be reached: {broken.Message} Look whether the address is right and the receiver runs.", broken);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new UserFacingException($"{address.Host} did not answer within {TimeLimit.TotalSeconds:0} seconds. Look whether the receiver runs.");
        }
    }

    private static Uri Address(JsonElement settings)
    {
        var text = settings.ValueKind == JsonValueKind.Object && settings.TryGetProperty("url", out var url) && url.ValueKind == JsonValueKind.String ? url.GetString() : null;
        return Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "https" or "http"
            ? address
            : throw new UserFacingException("The address of the webhook is missing or no web address. Write one such as https://hooks.example.com/a.") { Permanent = true };
    }
}
