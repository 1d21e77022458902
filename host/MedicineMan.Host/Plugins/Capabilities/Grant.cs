using MedicineMan.Host.Audit;
using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Plugins.Capabilities;

/// What one version of a plugin was granted, asked at each call of what the host lends it: here a refusal becomes a typed error, a fault of
/// the plugin and a line in the audit trail. It is a guard rail with a record, not a wall: the plugin runs with the host's rights.
internal sealed class Grant(LoadedPlugin plugin, IReadOnlyList<Capability> granted, Refusals refusals)
{
    private volatile bool over;

    public PluginManifest Manifest => plugin.Manifest;

    public string PluginId => plugin.Manifest.Id;

    public string Name => plugin.Manifest.Name;

    public CancellationToken Unloading => plugin.Unloading;

    public Contributions Contributions => plugin.Contributions;

    public Actor Actor { get; } = new("plugin", plugin.Manifest.Id, plugin.Manifest.Name, null);

    /// From here on every service of this version refuses.
    public void End() => over = true;

    /// <exception cref="UserFacingException">The version is retired.</exception>
    public void EnsureInUse()
    {
        if (over)
        {
            throw plugin.Gone();
        }
    }

    /// The scope of a granted capability.
    /// <param name="doing">Completes "it can't …": "list the servers".</param>
    /// <exception cref="CapabilityDeniedException">It was not granted.</exception>
    public async ValueTask<HashSet<string>> Need(string capability, string doing)
    {
        EnsureInUse();
        var named = granted.Where(one => one.Name == capability).ToList();
        return named.Count > 0
            ? named.SelectMany(one => one.Scope).ToHashSet(StringComparer.Ordinal)
            : throw await Refuse(capability, $"without it {Name} can't {doing}. Its manifest must name the capability, and an administrator must approve it.");
    }

    /// Takes a refusal down and makes the exception to throw.
    public async ValueTask<CapabilityDeniedException> Refuse(string capability, string reason)
    {
        var refusal = new CapabilityDeniedException(capability, reason);
        plugin.Entry.Record($"capability {capability}", refusal);
        await refusals.Record(this, capability, reason);
        return refusal;
    }

    public void Fault(string where, Exception exception) => plugin.Entry.Record(where, exception);
}
