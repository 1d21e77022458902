using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages.Installed;
using Microsoft.Extensions.Options;

namespace MedicineMan.Host.Plugins.Packages;

/// A plugin of this host, what is wanted of it and what can be done with it.
/// <param name="Installed">Null for a bundled plugin nobody ever switched, and for one an author runs from his own folder.</param>
/// <param name="Upgrade">A newer version that fits.</param>
/// <param name="Signer">The fingerprint of the key the version in use was signed with.</param>
internal sealed record ListedPlugin(PluginStatus Status, InstalledPlugin? Installed, bool IsBundled, string? Upgrade, string? Signer, IReadOnlyList<RegistryAdvisory> Warnings)
{
    public string Source => IsBundled ? InstalledPlugin.Bundled : Installed?.Source ?? "folder";

    public bool IsOn => Installed?.Enabled ?? Status.State is not PluginState.Disabled;

    /// Optional capabilities that nobody approved, so the plugin does without them.
    public IReadOnlyList<string> Withheld { get; init; } = [];

    /// The capabilities of the version that is listed.
    public IReadOnlyList<Capability> Capabilities { get; init; } = [];

    /// It has capabilities that an administrator can approve or withdraw while it runs.
    public bool HasOptional { get; init; }

    /// What waits for a person's approval, as against one that failed to start.
    public string? Waiting => Installed is { PendingVersion: { } version, Failure: null } ? version : null;
}

/// What waits to be approved.
internal sealed record PendingPlugin(InstalledPlugin Plugin, PluginManifest Manifest, IReadOnlyList<Capability> Asked, string? Signer)
{
    /// Of the version in use, whose optional capabilities can be decided on anew: those that are approved. Null for a version that waits.
    public IReadOnlyCollection<string>? Approved { get; init; }
}

/// The plugins that are here and those that could be, for the page, the API and the command line.
internal sealed class PluginListing(
    PluginCatalogue catalogue, InstalledPlugins installed, Registries.KnownRegistries registries, Grants grants, Offers offers, PackageShelf shelf, IOptions<PluginOptions> options)
{
    public bool TakesUnsigned => options.Value.AllowUnsigned;

    public async Task<IReadOnlyList<ListedPlugin>> Here(string? search, CancellationToken cancel)
    {
        var (rows, versions, pins) = (await installed.List(cancel), await installed.Versions(null, cancel), await installed.Pins(cancel));
        var listed = new List<ListedPlugin>();
        foreach (var status in catalogue.List().Where(status => Fits(search, status.Id, status.Name, status.Summary, status.Publisher)))
        {
            var row = rows.FirstOrDefault(one => one.Id == status.Id);
            var bundled = await registries.IsBundled(status.Id, cancel);
            var key = pins.FirstOrDefault(pin => pin.Id == row?.Publisher)?.PublicKey;
            var capabilities = catalogue.Entry(status.Id)?.Manifest?.Capabilities ?? [];
            var optional = row is null || bundled ? [] : capabilities.Where(capability => capability.Optional).ToList();
            var granted = optional.Count == 0 ? null : await grants.Of(status.Id, cancel);
            listed.Add(new ListedPlugin(
                status, row, bundled, row is null || bundled ? null : (await offers.Upgrade(row, cancel))?.Version,
                versions.FirstOrDefault(version => version.PluginId == status.Id && version.Version == status.Version)?.KeyFingerprint,
                row is null ? [] : [.. (await offers.Advisories(status.Id, status.Version, row.Source, key, cancel)).Where(advisory => !advisory.Blocks)])
            {
                Capabilities = capabilities,
                HasOptional = optional.Count > 0 && row?.ActiveVersion is not null,
                Withheld = [.. optional.Where(capability => !CapabilityText.Covers(granted!, capability)).Select(capability => capability.Name)],
            });
        }

        return listed;
    }

    public async Task<ListedPlugin?> Find(string id, CancellationToken cancel) => (await Here(null, cancel)).FirstOrDefault(plugin => plugin.Status.Id == id);

    /// What the registries offer and this host does not have.
    public async Task<IReadOnlyList<Offer>> Available(string? search, CancellationToken cancel)
    {
        var here = catalogue.List().Select(status => status.Id).ToHashSet(StringComparer.Ordinal);
        return [.. (await offers.All(cancel)).Where(offer => !here.Contains(offer.Plugin.Id) && Fits(search, offer.Plugin.Id, offer.Plugin.Name, offer.Plugin.Summary))];
    }

    /// <returns>Null when the plugin has no version that waits.</returns>
    public async Task<PendingPlugin?> Pending(string id, CancellationToken cancel)
    {
        if (await installed.Find(id, cancel) is not { PendingVersion: { } version } row || await installed.Version(id, version, cancel) is not { } files)
        {
            return null;
        }

        var manifest = shelf.Open(files).Manifest;
        return new PendingPlugin(row, manifest, await grants.Unapproved(manifest, cancel), files.KeyFingerprint);
    }

    /// The optional capabilities of the version in use; null when there are none to decide on.
    public async Task<PendingPlugin?> InUse(string id, CancellationToken cancel)
    {
        if (await installed.Find(id, cancel) is not { ActiveVersion: { } version } row || await installed.Version(id, version, cancel) is not { } files)
        {
            return null;
        }

        var (manifest, granted) = (shelf.Open(files).Manifest, await grants.Of(id, cancel));
        var optional = manifest.Capabilities.Where(capability => capability.Optional).ToList();
        string[] approved = [.. optional.Where(capability => CapabilityText.Covers(granted, capability)).Select(capability => capability.Name)];
        return optional.Count == 0 ? null : new PendingPlugin(row, manifest, optional, files.KeyFingerprint) { Approved = approved };
    }

    private static bool Fits(string? search, params string[] texts) =>
        string.IsNullOrWhiteSpace(search) || texts.Any(text => text.Contains(search.Trim(), StringComparison.OrdinalIgnoreCase));
}
