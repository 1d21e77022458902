using MedicineMan.Host.Plugins.Faults;
using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Host.Plugins.Manifests;
using Microsoft.Extensions.Options;

namespace MedicineMan.Host.Plugins;

/// Brings plugins in, replaces them and takes them out while the host runs. A new version is in use before the old one is drained, so no
/// request, job or page finds neither; a version that fails on its way in leaves the old one where it is.
internal sealed partial class PluginLifecycle(
    PluginCatalogue catalogue, PluginLoad load, Quarantine quarantine, StrayFailures strays, IOptions<PluginOptions> options, TimeProvider clock, ILogger<PluginLifecycle> log)
{
    /// Code of the problem that nothing is loaded in safe mode.
    public const string SafeMode = "MM1083";

    /// Loads the bundled plugins of the registry, side by side. Never throws for a plugin's sake: each failure is in the catalogue.
    public Task LoadAll(CancellationToken cancel) => LoadAll(new Dictionary<string, string>(), cancel);

    /// <param name="heldBack">Plugins that are not to be loaded, each with the reason.</param>
    public async Task LoadAll(IReadOnlyDictionary<string, string> heldBack, CancellationToken cancel)
    {
        if (options.Value.SafeMode)
        {
            catalogue.Problem = "This is safe mode: no plugin is loaded, so nothing can be scanned or backed up. Look at what failed below, then start again without --safe-mode.";
        }

        strays.Caught = (plugin, reason) => _ = Hold(plugin, reason);
        strays.Watch();
        PluginRegistry registry;
        try
        {
            registry = await PluginRegistry.Read(options.Value.RegistryFile, cancel);
        }
        catch (PluginRefusedException refused)
        {
            catalogue.Problem = refused.Message;
            Log.RegistryRefused(log, refused.Message);
            return;
        }

        RegistryPlugin[] bundled = [.. registry.Plugins.Where(plugin => plugin.Source == "bundled")];
        PluginEntry[] entries = [.. bundled.Select(plugin => new PluginEntry(plugin.Id, plugin.Name, options.Value, clock))];
        Array.ForEach(entries, catalogue.Put);
        var loaded = new List<LoadedPlugin?>();
        foreach (var together in bundled.Zip(entries).Chunk(quarantine.Careful ? 1 : Math.Max(1, entries.Length)))
        {
            loaded.AddRange(await Task.WhenAll(together.Select(one => Task.Run(() => Bundled(one.First, one.Second, heldBack.GetValueOrDefault(one.First.Id), cancel), cancel))));
        }

        await Retire(catalogue.Activate([.. loaded.OfType<LoadedPlugin>()]), options.Value.DrainTimeLimit);
    }

    /// Loads the plugin in a folder and puts it in use, in place of the version in use.
    /// <exception cref="PluginRefusedException">It does not hold; a version in use stays in use.</exception>
    /// <param name="granted">The capabilities an administrator approved; null for all that the manifest names.</param>
    public async Task<PluginStatus> Load(string folder, CancellationToken cancel, IReadOnlyList<Capability>? granted = null)
    {
        var started = clock.GetTimestamp();
        var package = PluginPackage.Open(folder);
        if (options.Value.SafeMode)
        {
            throw new PluginRefusedException(new PluginProblem(SafeMode, $"{package.Manifest.Name} is not loaded: this is safe mode.", "Safe mode loads no plugin.", "Start again without --safe-mode."));
        }

        if (quarantine.Reason(package.Manifest.Id) is { } held)
        {
            throw new PluginRefusedException(Held(package.Manifest.Name, held));
        }

        var entry = new PluginEntry(package.Manifest.Id, package.Manifest.Name, options.Value, clock);
        entry.Knows(package.Manifest);
        var plugin = await Load(package, entry, granted ?? package.Manifest.Capabilities, started, cancel);
        await Retire(catalogue.Activate([plugin]), options.Value.DrainTimeLimit);
        return entry.Problems.Count == 0 ? entry.Status(resident: 0) : throw new PluginRefusedException(entry.Problems);
    }

    /// Takes a plugin out of use.
    public Task Retire(string id) => Retire(catalogue.Deactivate(plugin => plugin.Manifest.Id == id), options.Value.DrainTimeLimit);

    /// Takes a plugin out that threw where nobody can catch, and keeps it out, also over restarts, until a person releases it.
    private async Task Hold(LoadedPlugin plugin, string reason)
    {
        quarantine.Put(plugin.Manifest.Id, reason);
        Log.Held(log, plugin.Manifest.Id, reason);
        await Retire(catalogue.Deactivate(one => one == plugin), options.Value.DrainTimeLimit);
        plugin.Entry.Refuse([Held(plugin.Manifest.Name, reason)]);
    }

    private static PluginProblem Held(string name, string reason) => new(
        Quarantine.Code, $"{name} is quarantined: {reason.TrimEnd('.')}.", "It could take the process down.", "Look at its page under Settings, Plugins, and let it in again there, or remove it.");

    /// Takes a plugin out that harms the host, and lists it with the reason.
    public async Task TakeOut(LoadedPlugin plugin, PluginProblem problem)
    {
        if (catalogue.Deactivate(one => one == plugin) is { Count: > 0 } leaving)
        {
            plugin.Entry.Refuse([problem]);
            await Retire(leaving, options.Value.DrainTimeLimit);
        }
    }

    /// Takes all plugins out of use, as the host stops.
    public Task RetireAll() => Retire(catalogue.Deactivate(_ => true), options.Value.ShutdownDrainTimeLimit, isHostStopping: true);

    private async Task Retire(IReadOnlyList<LoadedPlugin> leaving, TimeSpan drain, bool isHostStopping = false) => await Task.WhenAll(leaving.Select(async plugin =>
    {
        await plugin.Retire(drain, options.Value.StopTimeLimit, clock, isHostStopping);
        if (plugin.Collected is { } collected)
        {
            catalogue.Remember(plugin.Manifest.Id, collected);
        }

        Log.Retired(log, plugin.Manifest.Id, plugin.Manifest.Version);
    }));

    private async Task<LoadedPlugin?> Bundled(RegistryPlugin known, PluginEntry entry, string? heldBack, CancellationToken cancel)
    {
        var started = clock.GetTimestamp();
        if ((options.Value.SafeMode ? "Safe mode loads no plugin." : options.Value.Disabled.Contains(known.Id) ? "The configuration disables it." : heldBack) is { } reason)
        {
            entry.Becomes(PluginState.Disabled, reason);
            return null;
        }

        if (quarantine.Reason(known.Id) is { } held)
        {
            entry.Refuse([Held(known.Name, held)]);
            Log.Held(log, known.Id, held);
            return null;
        }

        try
        {
            var package = PluginPackage.Open(Path.Combine(options.Value.Folder, known.Folder), isOurBuild: options.Value.ForOneCommand);
            entry.Knows(package.Manifest);
            if (package.Manifest.Id != known.Id || known.Versions.All(version => version.Version != package.Manifest.Version))
            {
                throw new PluginRefusedException(new PluginProblem("MM1007", $"The folder {known.Folder} holds {package.Manifest.Id} {package.Manifest.Version}; the registry knows {known.Id} in {string.Join(", ", known.Versions.Select(version => version.Version))}.",
                    "What was not registered was not vetted.", "Install the plugin again, or correct the registry."));
            }

            return await Load(package, entry, package.Manifest.Capabilities, started, cancel);
        }
        catch (Exception exception) when (!cancel.IsCancellationRequested)
        {
            entry.Refuse((exception as PluginRefusedException)?.Problems ?? [new PluginProblem("MM1000", $"{known.Name} can't be loaded: {PluginEntry.Sentence(exception)}", "Nothing of it is used, and nothing else is touched.", "The log has the details.")]);
            Log.Refused(log, known.Id, exception.Message);
            return null;
        }
    }

    private async Task<LoadedPlugin> Load(PluginPackage package, PluginEntry entry, IReadOnlyList<Capability> granted, long started, CancellationToken cancel)
    {
        var plugin = await load.Load(package, entry, granted, cancel);
        var took = clock.GetElapsedTime(started);
        entry.Took(took);
        Log.Loaded(log, package.Manifest.Id, package.Manifest.Version, took.TotalMilliseconds);
        return plugin;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Plugin {Plugin} {Version} loaded in {Milliseconds} ms")]
        public static partial void Loaded(ILogger log, string plugin, string version, double milliseconds);

        [LoggerMessage(Level = LogLevel.Information, Message = "Plugin {Plugin} {Version} retired")]
        public static partial void Retired(ILogger log, string plugin, string version);

        [LoggerMessage(Level = LogLevel.Error, Message = "Plugin {Plugin} is quarantined: {Reason}")]
        public static partial void Held(ILogger log, string plugin, string reason);

        [LoggerMessage(Level = LogLevel.Error, Message = "Plugin {Plugin} refused: {Reason}")]
        public static partial void Refused(ILogger log, string plugin, string reason);

        [LoggerMessage(Level = LogLevel.Error, Message = "No plugin is loaded: {Reason}")]
        public static partial void RegistryRefused(ILogger log, string reason);
    }
}
