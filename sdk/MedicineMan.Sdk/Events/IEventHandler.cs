namespace MedicineMan.Sdk.Events;

/// <summary>Hears of what happens in the host. The types it hears of stand under <c>contributes.events</c> of the manifest.</summary>
/// <remarks>
/// Created anew for each event by the plugin's container. It hears of each event at least once, after it has happened and been written down,
/// and cannot prevent it. A handler that throws hears of the event again, a few times.
/// </remarks>
public interface IEventHandler
{
    /// <summary>Acts on an event, within thirty seconds; longer work belongs into a job.</summary>
    Task HandleAsync(HostEvent happened, CancellationToken cancel);
}

/// <summary>Something that has happened.</summary>
public sealed record HostEvent
{
    /// <summary>The same whenever it is told.</summary>
    public required string Id { get; init; }

    /// <summary>For instance <c>backup.proven</c>, <c>server.added</c>: what the audit trail calls it.</summary>
    public required string Type { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>What it happened to: <c>run</c>, <c>server</c>, <c>plan</c>; empty when it concerns the whole.</summary>
    public string SubjectKind { get; init; } = "";

    /// <summary>Id of what it happened to.</summary>
    public string SubjectId { get; init; } = "";

    /// <summary>Name of what it happened to.</summary>
    public string Subject { get; init; } = "";

    /// <summary>Who did it: a person's name, a job, or the host itself.</summary>
    public string Actor { get; init; } = "";

    /// <summary>More words on it, by name. No secrets.</summary>
    public IReadOnlyDictionary<string, string> Detail { get; init; } = new Dictionary<string, string>();
}
