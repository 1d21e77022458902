using System.Collections.Immutable;
using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Routes;

namespace MedicineMan.Host.Plugins;

/// The plugins of this host: each with its state and the reason for it, and which version of it is in use. Jobs, fragments and providers
/// are looked up here at every use, so that putting a new version in place is a single step.
internal sealed class PluginCatalogue(PluginEndpoints endpoints)
{
    private readonly Lock gate = new();
    private readonly List<PluginEntry> entries = [];
    private readonly Dictionary<string, List<WeakReference>> retired = new(StringComparer.Ordinal);
    private ImmutableArray<LoadedPlugin> active = [];

    /// The versions in use.
    public IReadOnlyList<LoadedPlugin> Active
    {
        get
        {
            lock (gate)
            {
                return active;
            }
        }
    }

    /// Why there are no plugins at all; null when the registry was read.
    public string? Problem { get; set; }

    /// All plugins, for the settings page.
    public IReadOnlyList<PluginStatus> List()
    {
        lock (gate)
        {
            return [.. entries.Select(entry => entry.Status(Resident(entry.Id)))];
        }
    }

    /// The manifest of a plugin, running or not; null when none was read.
    public PluginManifest? ManifestOf(string id)
    {
        lock (gate)
        {
            return active.FirstOrDefault(plugin => plugin.Manifest.Id == id)?.Manifest ?? entries.Find(entry => entry.Id == id)?.Manifest;
        }
    }

    public PluginStatus? Find(string id) => List().FirstOrDefault(status => status.Id == id);

    public PluginEntry? Entry(string id)
    {
        lock (gate)
        {
            return entries.Find(entry => entry.Id == id);
        }
    }

    /// Lists a plugin that is not in use, in place of an earlier entry of the same id.
    public void Put(PluginEntry entry)
    {
        lock (gate)
        {
            Replace(entry);
        }
    }

    /// Takes a plugin off the list. Versions of it that are still in memory go on being counted.
    public void Forget(string id)
    {
        lock (gate)
        {
            entries.RemoveAll(entry => entry.Id == id);
        }
    }

    /// How many retired versions of a plugin are still in memory.
    public int StillInMemory(string id)
    {
        lock (gate)
        {
            return Resident(id);
        }
    }

    /// The same of all plugins.
    public int StillInMemory()
    {
        lock (gate)
        {
            return retired.Keys.ToArray().Sum(Resident);
        }
    }

    /// Puts loaded plugins in use, all at once, in place of earlier versions, which are returned to be retired. One that clashes with a plugin in
    /// use is refused instead.
    public IReadOnlyList<LoadedPlugin> Activate(IReadOnlyList<LoadedPlugin> plugins)
    {
        lock (gate)
        {
            var leaving = new List<LoadedPlugin>();
            var routes = new List<(string, IReadOnlyList<Microsoft.AspNetCore.Http.Endpoint>)>();
            foreach (var plugin in plugins)
            {
                var others = active.RemoveAll(other => other.Manifest.Id == plugin.Manifest.Id);
                if (Clash(plugin, others) is { } problem)
                {
                    plugin.Entry.Refuse([problem]);
                    leaving.Add(plugin);
                    continue;
                }

                Replace(plugin.Entry);
                leaving.AddRange(active.Except(others));
                active = others.Add(plugin);
                plugin.Entry.Becomes(PluginState.Started);
                routes.Add((plugin.Manifest.Id, plugin.Endpoints));
            }

            endpoints.Set(routes);
            return leaving;
        }
    }

    /// Takes plugins out of use.
    public IReadOnlyList<LoadedPlugin> Deactivate(Func<LoadedPlugin, bool> which)
    {
        lock (gate)
        {
            LoadedPlugin[] leaving = [.. active.Where(which)];
            active = active.RemoveRange(leaving);
            endpoints.Set(leaving.Select(plugin => (plugin.Manifest.Id, (IReadOnlyList<Microsoft.AspNetCore.Http.Endpoint>)[])));
            return leaving;
        }
    }

    /// Remembers a retired version until the runtime has collected it.
    public void Remember(string id, WeakReference collected)
    {
        lock (gate)
        {
            if (!retired.TryGetValue(id, out var versions))
            {
                retired[id] = versions = [];
            }

            versions.Add(collected);
        }
    }

    /// Whether one of these contexts is a version that was taken out.
    public bool IsRetired(IReadOnlyList<System.Runtime.Loader.AssemblyLoadContext> contexts)
    {
        lock (gate)
        {
            return retired.Values.SelectMany(versions => versions).Any(version => contexts.Any(context => ReferenceEquals(context, version.Target)));
        }
    }

    private void Replace(PluginEntry entry)
    {
        var at = entries.FindIndex(other => other.Id == entry.Id);
        if (at < 0)
        {
            entries.Add(entry);
        }
        else
        {
            entries[at] = entry;
        }
    }

    private int Resident(string id)
    {
        if (!retired.TryGetValue(id, out var versions))
        {
            return 0;
        }

        versions.RemoveAll(version => !version.IsAlive);
        return versions.Count;
    }

    private static PluginProblem? Clash(LoadedPlugin plugin, ImmutableArray<LoadedPlugin> others)
    {
        var clash = (from other in others
                     from theirs in other.Contributions.Providers
                     from ours in plugin.Contributions.Providers
                     where ours.Contract == theirs.Contract && ours.Kind == theirs.Kind
                     select (other.Manifest.Name, What: $"{ProviderContracts.NameOf(ours.Contract)} provider \"{ours.Kind}\"")).FirstOrDefault();
        return clash.Name is null ? null : new PluginProblem("MM1019", $"{plugin.Manifest.Name} contributes the {clash.What}, which {clash.Name} already contributes.",
            "An operator's choice of a kind must mean one plugin.", "Disable one of the two.");
    }
}
