using System.Collections.Concurrent;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages.Installed;
using Microsoft.Extensions.Options;

namespace MedicineMan.Host.Plugins.Packages.Registries;

/// <param name="Id"><c>bundled</c> for the one beside the host.</param>
/// <param name="Place">What its packages' addresses are relative to.</param>
internal sealed record KnownRegistry(string Id, Uri Place, PluginRegistry Registry)
{
    /// The public keys of a publisher that may be used now; null when this registry does not know him.
    public IReadOnlyList<string>? KeysOf(string publisher, DateTimeOffset now) =>
        Registry.Publishers.FirstOrDefault(one => one.Id == publisher)?.Keys.Select(name => Registry.KeyNamed(name, now)?.PublicKey).OfType<string>().ToArray();
}

/// The registries this host listens to: the one beside it, and those an administrator added, each as it was when its signature last held.
internal sealed class KnownRegistries(RegistryStore store, IOptions<PluginOptions> options)
{
    private readonly ConcurrentDictionary<string, (int Serial, KnownRegistry Registry)> read = new(StringComparer.Ordinal);
    private PluginRegistry? bundled;

    public async Task<IReadOnlyList<KnownRegistry>> All(CancellationToken cancel) =>
        [await Bundled(cancel), .. (await store.List(cancel)).Select(Read)];

    public async Task<bool> IsBundled(string plugin, CancellationToken cancel) =>
        (await Bundled(cancel)).Registry.Plugins.Any(one => one.Id == plugin && one.Source == InstalledPlugin.Bundled);

    public async Task<KnownRegistry> Bundled(CancellationToken cancel)
    {
        try
        {
            bundled ??= await PluginRegistry.Read(options.Value.RegistryFile, cancel);
        }
        catch (PluginRefusedException)
        {
            // The catalogue says so on the plugins page; third parties' registries go on without it.
            bundled = new PluginRegistry("", 0, [], []);
        }

        return new KnownRegistry(InstalledPlugin.Bundled, new Uri(Path.GetFullPath(options.Value.RegistryFile)), bundled);
    }

    /// A registry is read once for each serial, since two states never share one.
    private KnownRegistry Read(RegistryRow row)
    {
        if (!read.TryGetValue(row.Id, out var known) || known.Serial != row.Serial)
        {
            read[row.Id] = known = (row.Serial, row.Known());
        }

        return known.Registry;
    }
}
