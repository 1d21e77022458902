using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages.Reach;

namespace MedicineMan.Host.Plugins.Packages.Installed;

/// A capability as it is approved and stored: its name, or one text for each thing its scope names, such as "exec pg_dump". So an update that
/// widens a scope is asked about, and one that narrows it is not.
internal static class CapabilityText
{
    private static readonly HashSet<string> Dangerous = new(["exec:sudo", "storage:delete", "cloud:write", ReachRules.Capability], StringComparer.Ordinal);

    public static IEnumerable<string> Of(Capability capability) =>
        capability.Scope.Count == 0 ? [capability.Name] : capability.Scope.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(one => $"{capability.Name} {one}");

    /// Whether what was approved holds this text; an approval without a scope holds every scope.
    public static bool Covers(IReadOnlySet<string> granted, string text) =>
        granted.Contains(text) || granted.Contains(text.Split(' ')[0]);

    public static bool Covers(IReadOnlySet<string> granted, Capability capability) => Of(capability).All(text => Covers(granted, text));

    /// Whether a version asks for it, or for some of it.
    public static bool IsAsked(PluginManifest manifest, string text) => manifest.Capabilities.Any(capability => capability.Name == text || Of(capability).Contains(text));

    /// Capabilities that destroy, rule a server, or go past the host: they are confirmed by typing their name.
    public static bool IsDangerous(Capability capability) => Dangerous.Contains(capability.Name);
}
