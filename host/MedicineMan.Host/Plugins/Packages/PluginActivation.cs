using System.Collections.Concurrent;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Plugins.Faults;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages.Installed;
using MedicineMan.Host.Plugins.Packages.Registries;
using Microsoft.Extensions.Options;

namespace MedicineMan.Host.Plugins.Packages;

/// Makes what runs equal to what is wanted: puts installed versions in use and takes them out, and shows why when one does not run.
internal sealed partial class PluginActivation(
    InstalledPlugins installed, Grants grants, PluginLifecycle lifecycle, PluginCatalogue catalogue, PackageShelf shelf, KnownRegistries registries, Quarantine quarantine,
    IOptions<PluginOptions> options, TimeProvider clock, ILogger<PluginActivation> log)
{
    // Those this node put on the list, and those that failed here, each with the state of its row at that time.
    private readonly ConcurrentDictionary<string, bool> ours = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTimeOffset> failed = new(StringComparer.Ordinal);

    public bool IsFaulted(string id) => Running(id) is null && catalogue.Find(id) is { State: PluginState.Faulted };

    public string? Running(string id) => catalogue.Active.FirstOrDefault(plugin => plugin.Manifest.Id == id)?.Manifest.Version;

    /// Puts a version in use and writes that down; the version before goes on until then, and for good when this one fails.
    /// <exception cref="PluginRefusedException">It does not start.</exception>
    public async Task<InstalledPlugin> Activate(InstalledPlugin row, string version, Actor actor, CancellationToken cancel)
    {
        try
        {
            await Load(row.Id, version, cancel);
        }
        catch (PluginRefusedException refused)
        {
            await installed.Change(
                actor, Entry("plugin.failed", row, version, refused.Problems[0].Code),
                now => (now ?? row) with { PendingVersion = now?.ActiveVersion == version ? now.PendingVersion : version, Failure = refused.Message }, null, cancel);
            Shelve(row, refused.Problems);
            throw;
        }

        return await installed.Change(
            actor, Entry("plugin.activated", row, version, null),
            now => (now ?? row) with
            {
                ActiveVersion = version, PreviousVersion = now?.ActiveVersion is { } before && before != version ? before : now?.PreviousVersion,
                PendingVersion = null, Failure = null, Blocked = null, Enabled = true,
            },
            async transaction =>
            {
                // Approvals that neither this version nor one to roll back to needs are given back.
                var kept = new[] { version, row.ActiveVersion, row.PreviousVersion }.OfType<string>().Distinct().Select(one => shelf.FolderOf(row.Id, one)).Where(Directory.Exists);
                await Grants.Prune(transaction, row.Id, kept.Select(ManifestReader.Read), cancel);
            },
            cancel);
    }

    /// Takes a plugin out of use and leaves it on the list with the reason.
    public async Task Retire(InstalledPlugin row, string reason)
    {
        await lifecycle.Retire(row.Id);
        Shelve(row, reason);
    }

    public async Task Forget(string id)
    {
        await lifecycle.Retire(id);
        catalogue.Forget(id);
        ours.TryRemove(id, out _);
    }

    /// Compares every plugin with what is wanted and puts right what differs: at the start, and when another process changed something.
    public async Task Reconcile(CancellationToken cancel)
    {
        var rows = await installed.List(cancel);
        var changed = rows.Where(row => !failed.TryGetValue(row.Id, out var since) || since != row.ChangedAt).ToArray();
        foreach (var together in changed.Chunk(quarantine.Careful ? 1 : Math.Max(1, changed.Length)))
        {
            await Task.WhenAll(together.Select(row => Task.Run(() => Reconcile(row, cancel), cancel)));
        }

        foreach (var gone in ours.Keys.Except(rows.Select(row => row.Id)).ToArray())
        {
            await Forget(gone);
        }
    }

    private async Task Reconcile(InstalledPlugin row, CancellationToken cancel)
    {
        try
        {
            await (row.IsBundled ? Bundled(row, cancel) : Installed(row, cancel));
            failed.TryRemove(row.Id, out _);
        }
        catch (PluginRefusedException refused)
        {
            failed[row.Id] = row.ChangedAt;
            Shelve(row, refused.Problems);
            Log.Refused(log, row.Id, refused.Message);
        }
    }

    private async Task Installed(InstalledPlugin row, CancellationToken cancel)
    {
        if (row.Wanted is { } wanted)
        {
            // One that was taken out for what it kept stays out until a person tries it again.
            var overgrown = catalogue.Find(row.Id) is { Code: Memory.MemoryWatch.Overgrown } status && status.Version == wanted;
            await (overgrown || Running(row.Id) == wanted ? Task.CompletedTask : Load(row.Id, wanted, cancel));
        }
        else if (ours.ContainsKey(row.Id) && Running(row.Id) is not null)
        {
            await Retire(row, Reason(row));
        }
        else if (row is { Blocked: null, Enabled: true, Failure: { } failure })
        {
            if (!IsFaulted(row.Id))
            {
                Shelve(row, entry => entry.Becomes(PluginState.Faulted, failure));
            }
        }
        else if (catalogue.Find(row.Id) is null || ours.ContainsKey(row.Id))
        {
            Shelve(row, Reason(row));
        }
    }

    private async Task Bundled(InstalledPlugin row, CancellationToken cancel)
    {
        if (!row.Enabled && Running(row.Id) is not null)
        {
            await Retire(row, Reason(row));
        }
        else if (row.Enabled && catalogue.Find(row.Id) is { State: PluginState.Disabled } && !options.Value.Disabled.Contains(row.Id))
        {
            await LoadBundled(row.Id, cancel);
        }
    }

    public async Task LoadBundled(string id, CancellationToken cancel)
    {
        var known = (await registries.Bundled(cancel)).Registry.Plugins.Single(plugin => plugin.Id == id);
        await lifecycle.Load(Path.Combine(options.Value.Folder, known.Folder), cancel);
    }

    public static string Reason(InstalledPlugin row) =>
        row.Blocked is { } advisory ? advisory
        : !row.Enabled ? "An administrator disabled it."
        : row.Failure is { } failure ? failure
        : $"Version {row.PendingVersion} waits until an administrator has approved what it asks for.";

    private async Task Load(string id, string version, CancellationToken cancel)
    {
        var files = await installed.Version(id, version, cancel)
            ?? throw new PluginRefusedException(new PluginProblem("MM1048", $"{id} {version} is not on this host.", "Its files were never installed here, or were removed.", "Install it again."));
        var (package, approved) = (shelf.Open(files), await grants.Of(id, cancel));
        await lifecycle.Load(package.Folder, cancel, [.. package.Manifest.Capabilities.Where(capability => CapabilityText.Covers(approved, capability))]);
        ours[id] = true;
    }

    private void Shelve(InstalledPlugin row, string reason) => Shelve(row, entry => entry.Becomes(PluginState.Disabled, reason));

    private void Shelve(InstalledPlugin row, IReadOnlyList<PluginProblem> problems) => Shelve(row, entry => entry.Refuse(problems));

    /// Puts a plugin that does not run on the list; one that runs has its own entry there.
    private void Shelve(InstalledPlugin row, Action<PluginEntry> becomes)
    {
        if (Running(row.Id) is not null)
        {
            return;
        }

        var entry = new PluginEntry(row.Id, row.Name, options.Value, clock);
        if ((row.ActiveVersion ?? row.PendingVersion) is { } version && File.Exists(Path.Combine(shelf.FolderOf(row.Id, version), ManifestReader.FileName)))
        {
            entry.Knows(ManifestReader.Read(shelf.FolderOf(row.Id, version)));
        }

        becomes(entry);
        catalogue.Put(entry);
        ours[row.Id] = true;
    }

    private static AuditEntry Entry(string action, InstalledPlugin row, string version, string? code) =>
        new(action, "plugin", row.Id, row.Name) { Detail = code is null ? new Dictionary<string, string> { ["version"] = version } : new Dictionary<string, string> { ["version"] = version, ["code"] = code } };

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Plugin {Plugin} refused: {Reason}")]
        public static partial void Refused(ILogger log, string plugin, string reason);
    }
}
