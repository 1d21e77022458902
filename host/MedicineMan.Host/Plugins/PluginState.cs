namespace MedicineMan.Host.Plugins;

/// Where a plugin is on its way: Discovered, Loaded, Started, then Draining and Retired; Disabled, Faulted and Quarantined are where it can stop.
internal enum PluginState
{
    Discovered,
    Disabled,
    Loaded,
    Started,
    Faulted,
    Quarantined,
    Draining,
    Retired,
}

/// Something of a plugin that failed.
internal sealed record PluginFault(DateTimeOffset At, string Where, string Message);

/// A plugin as the settings page lists it.
internal sealed record PluginStatus
{
    public required string Id { get; init; }
    public required string Name { get; init; }
    public required string Version { get; init; }
    public required string Summary { get; init; }
    public required string Publisher { get; init; }
    public required PluginState State { get; init; }

    /// The code of the first reason, such as MM1003; empty when all is well.
    public required string Code { get; init; }

    /// Why it is not running; empty when it is.
    public required string Reason { get; init; }

    /// Each with what it is for and the reason its author gives.
    public required IReadOnlyList<(string Name, string Reason)> Capabilities { get; init; }

    /// One line each: "route GET /greeting", "job greet".
    public required IReadOnlyList<string> Contributions { get; init; }
    /// There is a form at /settings/plugins/{id}/settings.
    public bool HasSettings { get; init; }
    public required int Faults { get; init; }

    /// The latest first, at most twenty.
    public required IReadOnlyList<PluginFault> LatestFaults { get; init; }
    public required double LoadMilliseconds { get; init; }

    /// Earlier versions whose code is still in memory.
    public required int Resident { get; init; }

    /// What it held when it was last weighed; null when it was not yet.
    public Memory.MemoryEstimate? Memory { get; init; }

    /// It failed too often and takes no calls until then; null when it does.
    public DateTimeOffset? PausedUntil { get; init; }
}
