using System.Collections.Concurrent;
using System.Text.Json;
using MedicineMan.Sdk.Notifications;

namespace MedicineMan.Sdk.Testing.Notifications;

/// <summary>A channel that keeps what it is given, once for each id. Its settings are <c>{"channel": "name"}</c>; the channel <c>broken</c> refuses everything.</summary>
public sealed class RecordedNotifications : INotifier
{
    private readonly ConcurrentDictionary<string, Notification> sent = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public string DisplayName => "Recorded";

    /// <summary>What was sent, by time.</summary>
    public IReadOnlyList<Notification> Sent => [.. sent.Values.OrderBy(one => one.At)];

    /// <inheritdoc/>
    public Task SendAsync(JsonElement settings, Notification notification, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(notification);
        cancel.ThrowIfCancellationRequested();
        var channel = settings.ValueKind == JsonValueKind.Object && settings.TryGetProperty("channel", out var name) ? name.GetString() : null;
        switch (channel)
        {
            case null:
                throw new UserFacingException("The setting channel is missing. Name one.") { Permanent = true };
            case "broken":
                throw new UserFacingException("The channel broken takes nothing. Choose another one.");
            default:
                sent.TryAdd(notification.Id, notification);
                return Task.CompletedTask;
        }
    }
}
