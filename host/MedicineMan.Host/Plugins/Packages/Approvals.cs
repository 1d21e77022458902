using MedicineMan.Host.Audit;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages.Installed;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Plugins.Packages;

/// What an administrator says to the capabilities a version asks for: to those of one that waits, and anew to those of the one in use.
internal sealed class Approvals(InstalledPlugins installed, Grants grants, PackageShelf shelf, PluginActivation activation)
{
    /// Writes down what of a version that waits is approved.
    public async Task Approve(Actor actor, InstalledPlugin row, string version, IReadOnlyCollection<string> approved, IReadOnlyCollection<string> confirmed, CancellationToken cancel)
    {
        var manifest = await Manifest(row, version, cancel);
        var asked = await grants.Unapproved(manifest, cancel);
        if (asked.FirstOrDefault(capability => !capability.Optional && !approved.Contains(capability.Name)) is { } left)
        {
            throw Refused($"{row.Name} {version} cannot run without {left.Name}. Approve it, or remove the plugin.");
        }

        var granted = asked.Where(capability => approved.Contains(capability.Name)).ToList();
        Confirm(granted, confirmed);
        await grants.Approve(actor, manifest, granted, cancel);
    }

    /// Makes this all that is approved for the version in use, and has it run with that; where it does not start with it, everything stays as it was.
    /// <param name="approved">As <see cref="CapabilityText"/> writes them.</param>
    public async Task<InstalledPlugin> Replace(Actor actor, InstalledPlugin row, IReadOnlyCollection<string> approved, IReadOnlyCollection<string> confirmed, CancellationToken cancel)
    {
        var manifest = await Manifest(row, row.ActiveVersion ?? throw Refused($"{row.Name} was never in use. Approve what it asks for first: medicineman plugin approve {row.Id}"), cancel);
        var (before, wanted) = (await grants.Of(row.Id, cancel), approved.ToHashSet(StringComparer.Ordinal));
        if (wanted.FirstOrDefault(text => !CapabilityText.IsAsked(manifest, text)) is { } unasked)
        {
            throw Refused($"{row.Name} {manifest.Version} does not ask for \"{unasked}\". Nothing was changed.");
        }

        if (manifest.Capabilities.FirstOrDefault(capability => !capability.Optional && !CapabilityText.Covers(wanted, capability)) is { } left)
        {
            throw Refused($"{row.Name} {manifest.Version} cannot run without {left.Name}. Approve it, or remove the plugin. Nothing was changed.");
        }

        Confirm(manifest.Capabilities.Where(capability => CapabilityText.Covers(wanted, capability) && !CapabilityText.Covers(before, capability)), confirmed);
        // What only a version to roll back to asks for is not what is decided on here.
        wanted.UnionWith(before.Where(text => !CapabilityText.IsAsked(manifest, text)));
        if (wanted.SetEquals(before))
        {
            return row;
        }

        await grants.Replace(actor, manifest, wanted, cancel);
        try
        {
            return row.Enabled && row.Blocked is null ? await activation.Activate(row, manifest.Version, actor, cancel) : row;
        }
        catch (PluginRefusedException)
        {
            await grants.Replace(actor, manifest, [.. before], CancellationToken.None);
            throw;
        }
    }

    private async Task<PluginManifest> Manifest(InstalledPlugin row, string version, CancellationToken cancel) => shelf.Open((await installed.Version(row.Id, version, cancel))!).Manifest;

    private static void Confirm(IEnumerable<Capability> granted, IReadOnlyCollection<string> confirmed)
    {
        if (granted.FirstOrDefault(capability => CapabilityText.IsDangerous(capability) && !confirmed.Contains(capability.Name)) is { } dangerous)
        {
            throw Refused($"To approve {dangerous.Name}, type its name exactly. Nothing was approved.");
        }
    }

    private static UserFacingException Refused(string sentence) => new(sentence) { Permanent = true };
}
