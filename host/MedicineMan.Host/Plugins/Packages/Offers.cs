using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages.Installed;
using MedicineMan.Host.Plugins.Packages.Registries;

namespace MedicineMan.Host.Plugins.Packages;

internal sealed record Offer(KnownRegistry From, RegistryPlugin Plugin, RegistryVersion Version);

/// What the registries offer to this host: versions that fit it and were not withdrawn. Advisories are heard here, too.
internal sealed class Offers(KnownRegistries registries, TimeProvider clock)
{
    /// The newest fitting version of every plugin, by name; each id once, out of the first registry that has it.
    public async Task<IReadOnlyList<Offer>> All(CancellationToken cancel) =>
        [.. (await registries.All(cancel)).SelectMany(Newest).DistinctBy(offer => offer.Plugin.Id).OrderBy(offer => offer.Plugin.Name, StringComparer.OrdinalIgnoreCase)];

    /// <param name="version">Null for the newest that fits.</param>
    /// <param name="source">The registry it was installed from, which is asked before the others.</param>
    /// <exception cref="PluginRefusedException">No registry offers that.</exception>
    public async Task<Offer> Find(string plugin, string? version, string? source, CancellationToken cancel)
    {
        var known = (await registries.All(cancel)).OrderByDescending(registry => registry.Id == source).ToList();
        var offer = version is null
            ? known.SelectMany(Newest).FirstOrDefault(offer => offer.Plugin.Id == plugin)
            : known.SelectMany(Remote).FirstOrDefault(offer => offer.Plugin.Id == plugin && offer.Version.Version == version);
        if (offer is null)
        {
            throw new PluginRefusedException(new PluginProblem(
                "MM1048", $"No registry offers {plugin}{(version is null ? " in a version that fits this host" : $" {version}")}.",
                known.Count == 1 ? "No registry was added yet." : "It may have been withdrawn, or needs another host.", "See Settings, Plugins, Install; add the registry that has it, or upload its package."));
        }

        return !offer.Version.Yanked ? offer : throw new PluginRefusedException(new PluginProblem(
            "MM1045", $"{offer.Plugin.Name} {offer.Version.Version} was withdrawn by {offer.From.Registry.Name}.", "Its publisher does not want it installed any more.", "Install another version."));
    }

    /// The newest version that is newer than the one in use; null when there is none.
    public async Task<RegistryVersion?> Upgrade(InstalledPlugin plugin, CancellationToken cancel) =>
        (await registries.All(cancel)).OrderByDescending(registry => registry.Id == plugin.Source).SelectMany(Newest)
        .FirstOrDefault(offer => offer.Plugin.Id == plugin.Id && VersionOrder.Instance.Compare(offer.Version.Version, plugin.ActiveVersion ?? "0.0.0-0") > 0)?.Version;

    /// What is known against a version. A registry speaks of the plugins that came from it, and of those whose publisher it knows by the pinned
    /// key; the one beside the host speaks of all.
    public async Task<IReadOnlyList<RegistryAdvisory>> Advisories(string plugin, string version, string source, string? publisherKey, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        return [.. from registry in await registries.All(cancel)
                   from known in registry.Registry.Plugins
                   where known.Id == plugin
                   where registry.Id == InstalledPlugin.Bundled || registry.Id == source || (publisherKey is not null && registry.KeysOf(known.Publisher, now)?.Contains(publisherKey) == true)
                   from advisory in known.Advisories
                   where advisory.Concerns(version)
                   select advisory];
    }

    private static IEnumerable<Offer> Newest(KnownRegistry registry) =>
        Remote(registry).Where(offer => !offer.Version.Yanked && SdkRange.Parse(offer.Version.Sdk)!.Holds(SdkRange.Offered))
        .Where(offer => !offer.Plugin.Advisories.Any(advisory => advisory.Blocks && advisory.Concerns(offer.Version.Version)))
        .GroupBy(offer => offer.Plugin.Id, StringComparer.Ordinal).Select(versions => versions.MaxBy(offer => offer.Version.Version, VersionOrder.Instance)!);

    private static IEnumerable<Offer> Remote(KnownRegistry registry) =>
        registry.Registry.Plugins.Where(plugin => plugin.Source == "remote").SelectMany(plugin => plugin.Versions, (plugin, version) => new Offer(registry, plugin, version));
}
