using System.Text;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages.Format;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Plugins.Packages.Registries;

/// Adds and refreshes the registries of third parties. The first key is pinned; another one, an older serial, or a changed file under the
/// same serial is refused, and what was known before goes on being used.
internal sealed class ThirdPartyRegistries(RegistryStore store, RegistryDownload download, TimeProvider clock)
{
    public async Task<RegistryRow> Add(Actor actor, string location, CancellationToken cancel)
    {
        var (registry, key, bytes) = await Fetch(location, cancel);
        var id = await store.Add(actor, location, registry, key, PackageKey.Fingerprint(key), bytes, cancel);
        return await Get(id, cancel);
    }

    /// Looks at it again; what is wrong is kept with the registry, and thrown.
    public async Task<RegistryRow> Refresh(string id, CancellationToken cancel)
    {
        var row = await Get(id, cancel);
        string? offered = null;
        try
        {
            var (registry, key, bytes) = await Fetch(row.Location, cancel);
            if (key != row.PublicKey)
            {
                offered = key;
                throw Changed(row, key);
            }

            if (registry.Serial < row.Serial || (registry.Serial == row.Serial && Encoding.UTF8.GetString(bytes) != row.Content))
            {
                throw Older(row, registry.Serial);
            }

            await store.Put(id, registry, bytes, cancel);
        }
        catch (PluginRefusedException refused)
        {
            await store.Failed(row, refused.Message, offered, cancel);
            throw;
        }

        return await Get(id, cancel);
    }

    /// <param name="fingerprint">What the person compared; another key that came in between is not trusted unseen.</param>
    public async Task<RegistryRow> Trust(Actor actor, string id, string fingerprint, CancellationToken cancel)
    {
        var row = await Get(id, cancel);
        if (row.OfferedFingerprint is null || row.OfferedFingerprint != fingerprint)
        {
            throw new UserFacingException($"{row.Name} did not show the key {fingerprint} when it was last fetched. Refresh it and compare the key it shows.") { Permanent = true };
        }

        await store.Trust(actor, row, cancel);
        return await Refresh(id, cancel);
    }

    /// <returns>The name of what was forgotten.</returns>
    public async Task<string> Remove(Actor actor, string id, CancellationToken cancel)
    {
        var row = await Get(id, cancel);
        await store.Remove(actor, row, cancel);
        return row.Name;
    }

    public async Task<RegistryRow> Get(string id, CancellationToken cancel) =>
        await store.Find(id, cancel) ?? throw new UserFacingException("That registry is no longer in the list.") { Permanent = true };

    private async Task<(PluginRegistry Registry, string Key, byte[] Bytes)> Fetch(string location, CancellationToken cancel)
    {
        var bytes = await download.Registry(RegistryPlace.Parse(location), cancel);
        var registry = PluginRegistry.Parse(bytes, location);
        return (registry, RegistrySeal.KeyOf(registry, bytes, location, clock.GetUtcNow()), bytes);
    }

    private static PluginRefusedException Older(RegistryRow row, int serial) => new(new PluginProblem(
        "MM1052", $"{row.Name} came with serial {serial}; serial {row.Serial} was seen before.", "An old state can hide advisories. What was known before goes on being used.",
        "Try again later; if it stays so, tell those who publish it."));

    private static PluginRefusedException Changed(RegistryRow row, string key) => new(new PluginProblem(
        "MM1053", $"{row.Name} is signed with the key {PackageKey.Fingerprint(key)}; {row.Fingerprint} is pinned.", "Somebody else may have taken its place. What was known before goes on being used.",
        "Ask those who publish it whether they have a new key, compare the fingerprint, then trust it."));
}
