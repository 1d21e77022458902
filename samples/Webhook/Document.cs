using System.Text.Json.Serialization;
using MedicineMan.Sdk.Notifications;

namespace MedicineMan.Samples.Webhook;

/// What the receiver gets.
internal sealed record Document(string Id, string Severity, string Title, string Text, Uri? Link, DateTimeOffset At)
{
    public static Document Of(Notification notification) => new(
        notification.Id,
        // A severity of a later version is one somebody should look at.
        (Enum.IsDefined(notification.Severity) ? notification.Severity : Sdk.Notifications.Severity.Warning).ToString().ToLowerInvariant(),
        notification.Title, notification.Text, notification.Link, notification.At);
}

[JsonSerializable(typeof(Document))]
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
internal sealed partial class WebhookJson : JsonSerializerContext;
