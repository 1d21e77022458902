using MedicineMan.Host.Plugins.Settings.Forms;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Plugins.Manifests;

/// What plugin.json says: everything the host must know of a plugin before it runs a line of its code.
internal sealed record PluginManifest
{
    public required string Id { get; init; }
    public required string Version { get; init; }
    public required string Name { get; init; }
    public required string Summary { get; init; }
    public required string Publisher { get; init; }
    public required string License { get; init; }
    public string? Homepage { get; init; }
    public string? Issues { get; init; }
    public required EngineRequirement Engine { get; init; }
    public required string Entry { get; init; }
    public string Isolation { get; init; } = "inproc";
    public bool HotUnload { get; init; } = true;
    public IReadOnlyList<Capability> Capabilities { get; init; } = [];
    public IReadOnlyList<RouteDeclaration> Routes { get; init; } = [];
    public IReadOnlyList<JobDeclaration> Jobs { get; init; } = [];
    public IReadOnlyList<FragmentDeclaration> Fragments { get; init; } = [];
    public IReadOnlyList<ProviderDeclaration> Providers { get; init; } = [];
    public IReadOnlyList<PermissionDeclaration> Permissions { get; init; } = [];

    /// What a fragment's buttons may start.
    public IReadOnlyList<ActionDeclaration> Actions { get; init; } = [];

    /// The settings form; null when there is nothing to set.
    public SettingsSchema? Settings { get; init; }
    public int SettingsVersion { get; init; } = 1;
    public IReadOnlyList<string> Locales { get; init; } = [];

    public PluginInfo Info => new(Id, Version, Name);
}

internal sealed record EngineRequirement(string Sdk, IReadOnlyList<string> Os, IReadOnlyList<string> Arch);

internal sealed record Capability(string Name, string Reason, IReadOnlyList<string> Scope, bool Optional);

internal sealed record RouteDeclaration(string Method, string Path, string Permission);

internal sealed record JobDeclaration(string Id, string? Cron, string? Timeout, int? MaxAttempts, int? Concurrency, string? CatchUp);

internal sealed record FragmentDeclaration(string Id, string Slot, string Template, string? Title = null);

/// <param name="Confirm">Asked before it is done; null when nothing is asked.</param>
internal sealed record ActionDeclaration(string Id, string Job, string Permission, string? Confirm);

internal sealed record ProviderDeclaration(string Contract, string Kind, SettingsSchema? Settings = null);

internal sealed record PermissionDeclaration(string Id, string Title, string Default);
