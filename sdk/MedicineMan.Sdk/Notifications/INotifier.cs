using System.Text.Json;

namespace MedicineMan.Sdk.Notifications;

/// <summary>A kind of channel that tells people something: email, a chat, a webhook. Contract <c>notifier</c> in the manifest.</summary>
public interface INotifier : IProvider
{
    /// <summary>Sends one notification over the channel that the settings describe, and returns when the channel has taken it, within thirty seconds.</summary>
    /// <param name="settings">What the channel's form produced; secrets in it are handles for <see cref="Secrets.ISecrets"/>.</param>
    /// <param name="notification">What to say. The host may send it again after a failure: use <see cref="Notification.Id"/> to say it once.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="UserFacingException">Not sent; <see cref="UserFacingException.Permanent"/> when the same again cannot succeed.</exception>
    Task SendAsync(JsonElement settings, Notification notification, CancellationToken cancel);
}

/// <summary>Something people should know.</summary>
public sealed record Notification
{
    /// <summary>The same for every attempt to send it.</summary>
    public required string Id { get; init; }

    /// <summary>How much it matters.</summary>
    public required Severity Severity { get; init; }

    /// <summary>One line without markup.</summary>
    public required string Title { get; init; }

    /// <summary>Plain text, lines parted by line feeds; empty when the title says it all.</summary>
    public string Text { get; init; } = "";

    /// <summary>Where to look; null when there is no such page.</summary>
    public Uri? Link { get; init; }

    /// <summary>When it happened.</summary>
    public required DateTimeOffset At { get; init; }
}

/// <summary>How much something matters. Later versions may know more: treat an unknown one as <see cref="Warning"/>.</summary>
public enum Severity
{
    /// <summary>Good to know.</summary>
    Info,

    /// <summary>Somebody should look, today.</summary>
    Warning,

    /// <summary>Something failed.</summary>
    Error,

    /// <summary>Data or service is at risk now.</summary>
    Critical,
}
