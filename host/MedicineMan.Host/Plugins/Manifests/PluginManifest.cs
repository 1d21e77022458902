using MedicineMan.Host.Plugins.Settings.Forms;
using System.Globalization;
using System.Text.Json;
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

    /// Types of events it hears of.
    public IReadOnlyList<string> Events { get; init; } = [];

    /// What a fragment's buttons may start.
    public IReadOnlyList<ActionDeclaration> Actions { get; init; } = [];

    /// The settings form; null when there is nothing to set.
    public SettingsSchema? Settings { get; init; }
    public int SettingsVersion { get; init; } = 1;
    public IReadOnlyList<string> Locales { get; init; } = [];

    /// The host's role behind what a route asks for: the role itself, or the one that a permission of the plugin's own is given to.
    public string RoleOf(string permission) => Permissions.FirstOrDefault(one => one.Id == permission)?.Default ?? permission;

    public PluginInfo Info => new(Id, Version, Name);
}

internal sealed record EngineRequirement(string Sdk, IReadOnlyList<string> Os, IReadOnlyList<string> Arch);

internal sealed record Capability(string Name, string Reason, IReadOnlyList<string> Scope, bool Optional);

internal sealed record RouteDeclaration(string Method, string Path, string Permission);

/// <param name="Concurrency">Most that run at the same time, on all workers together; null for no limit.</param>
/// <param name="PerMinute">Most that start in a minute; null for no limit.</param>
/// <param name="Backoff">How long it waits after its first failure.</param>
/// <param name="MaxBackoff">How long it waits at most, since the wait is doubled each time.</param>
internal sealed record JobDeclaration(
    string Id, string? Cron, string? Timeout, int? MaxAttempts, int? Concurrency, int? PerMinute, string? CatchUp, string? Backoff = null, string? MaxBackoff = null)
{
    public TimeSpan? TimeLimit => Time(Timeout);

    public TimeSpan? FirstBackoff => Time(Backoff);

    public TimeSpan? LongestBackoff => Time(MaxBackoff);

    /// As the manifest gives it: "30s", "10m", "2h".
    private static TimeSpan? Time(string? given) => given is not { Length: > 1 } text || !int.TryParse(text[..^1], CultureInfo.InvariantCulture, out var number) ? null
        : text[^1] == 's' ? TimeSpan.FromSeconds(number) : text[^1] == 'm' ? TimeSpan.FromMinutes(number) : TimeSpan.FromHours(number);
}

internal sealed record FragmentDeclaration(string Id, string Slot, string Template, string? Title = null);

/// <param name="Confirm">Asked before it is done; null when nothing is asked.</param>
internal sealed record ActionDeclaration(string Id, string Job, string Permission, string? Confirm);

internal sealed record ProviderDeclaration(string Contract, string Kind, SettingsSchema? Settings = null);

internal sealed record PermissionDeclaration(string Id, string Title, string Default);
