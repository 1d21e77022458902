using System.Text.Json;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Notifications;

namespace Acme.Sample;

/// <summary>Posts title and text to an address. The host lets it call only what plugin.json names under "net".</summary>
public sealed class PlainText(IPluginContext host) : INotifier
{
    public string DisplayName => "PLUGIN_TITLE";

    public async Task SendAsync(JsonElement settings, Notification notification, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var text = settings.ValueKind == JsonValueKind.Object && settings.TryGetProperty("url", out var url) ? url.GetString() : null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address))
        {
            throw new UserFacingException("The address is missing or none. Write one such as https://ntfy.example.com/alerts.") { Permanent = true };
        }

        try
        {
            using var content = new StringContent($"{notification.Title}\n{notification.Text}");
            using var answer = await host.Http.PostAsync(address, content, cancel);
            if (!answer.IsSuccessStatusCode)
            {
                throw new UserFacingException($"{address.Host} refused the notification with {(int)answer.StatusCode}. Look at the address.");
            }
        }
        catch (HttpRequestException broken)
        {
            throw new UserFacingException($"{address.Host} cannot be reached: {broken.Message}", broken);
        }
    }
}
