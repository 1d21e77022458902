using MedicineMan.Host.Audit;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages.Installed;
using MedicineMan.Host.Plugins.Packages.Registries;
using MedicineMan.Host.Plugins.Settings;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Plugins.Packages;

/// A plugin to be had from a registry.
/// <param name="Version">Null for the newest that fits this host.</param>
internal sealed record WantedPlugin(string Id, string? Version)
{
    /// What its package must have; null for whatever the registry says.
    public string? Sha256 { get; init; }

    /// The registry it must come from; null for any.
    public string? Registry { get; init; }

    public bool Fits(Offer offer) =>
        (Sha256 is null || string.Equals(Sha256, offer.Version.Sha256, StringComparison.OrdinalIgnoreCase)) && (Registry is null || Registry == offer.From.Id);
}

/// Everything an administrator does with plugins, one thing at a time: install, approve, enable, disable, upgrade, roll back, remove. None of it
/// needs a restart, and none of it interrupts a plugin unless that is what was asked for.
internal sealed class PluginInstaller(
    InstalledPlugins installed, Grants grants, PackageIntake intake, PackageShelf shelf, Offers offers, PublisherTrust trust, KnownRegistries registries,
    PluginActivation activation, Approvals approvals, PluginSettingsStore settings) : IDisposable
{
    private readonly SemaphoreSlim gate = new(1, 1);

    /// <param name="version">Null for the newest that fits this host.</param>
    /// <param name="trusted">The fingerprint of a publisher's key that a person compared; null when none is to be trusted anew.</param>
    public Task<InstalledPlugin> Install(Actor actor, string plugin, string? version, string? trusted, CancellationToken cancel) =>
        Install(actor, new WantedPlugin(plugin, version), trusted, cancel);

    public Task<InstalledPlugin> Install(Actor actor, WantedPlugin wanted, string? trusted, CancellationToken cancel) => Alone(async () =>
    {
        var row = await installed.Find(wanted.Id, cancel);
        var offer = await offers.Find(wanted.Id, wanted.Version, wanted.Registry ?? row?.Source, cancel);
        if (!wanted.Fits(offer))
        {
            throw new PluginRefusedException(new PluginProblem(
                "MM1054", $"{offer.From.Registry.Name} offers {wanted.Id} {offer.Version.Version} with the SHA-256 {offer.Version.Sha256}, and not {wanted.Sha256} of {wanted.Registry ?? "any registry"}.",
                "It is another package than the one that was asked for, so nothing of it was installed.", "Find out which of the two is right before you install either."));
        }

        using var staged = await intake.Fetch(offer, cancel);
        return await Take(actor, staged, trusted, cancel);
    }, cancel);

    /// Takes a package that somebody sends; it is checked as one from a registry is.
    public Task<InstalledPlugin> Upload(Actor actor, SentPackage package, string? trusted, CancellationToken cancel) => Alone(async () =>
    {
        using var staged = await intake.Take(package, cancel);
        return await Take(actor, staged, trusted, cancel);
    }, cancel);

    /// Approves what the waiting version asks for, and puts it in use.
    /// <param name="approved">Names of capabilities; all that are not optional must be among them.</param>
    /// <param name="confirmed">The names of dangerous ones, typed once more.</param>
    public Task<InstalledPlugin> Approve(Actor actor, string plugin, string version, IReadOnlyCollection<string> approved, IReadOnlyCollection<string> confirmed, CancellationToken cancel) => Alone(async () =>
    {
        var row = await Get(plugin, cancel);
        if (row.PendingVersion != version)
        {
            throw Refused($"{row.Name} {version} does not wait for an approval. Look at its page again.");
        }

        await approvals.Approve(actor, row, version, approved, confirmed, cancel);
        return await Activate(actor, row, version, cancel);
    }, cancel);

    /// Makes this all that is approved for the version in use.
    /// <param name="approved">Each as its name, or as name and what it is for: "exec df".</param>
    /// <param name="confirmed">The names of dangerous ones that were not approved so far, typed once more.</param>
    public Task<InstalledPlugin> Reapprove(Actor actor, string plugin, IReadOnlyCollection<string> approved, IReadOnlyCollection<string> confirmed, CancellationToken cancel) =>
        Alone(async () => await approvals.Replace(actor, await Get(plugin, cancel), approved, confirmed, cancel), cancel);

    /// Turns down the version that waits: what runs goes on, and a plugin that never ran is removed.
    public async Task Decline(Actor actor, string plugin, CancellationToken cancel)
    {
        var row = await Get(plugin, cancel);
        if (row.ActiveVersion is null)
        {
            await Remove(actor, plugin, cancel);
            return;
        }

        var entry = new AuditEntry("plugin.declined", "plugin", row.Id, row.Name) { Detail = new Dictionary<string, string> { ["version"] = row.PendingVersion ?? "" } };
        await Alone(() => installed.Change(actor, entry, now => (now ?? row) with { PendingVersion = null, Failure = null }, null, cancel), cancel);
    }

    /// Puts a disabled plugin in use again, or tries the version that waits once more.
    public Task<InstalledPlugin> Enable(Actor actor, string plugin, CancellationToken cancel) => Alone(async () =>
    {
        if (await registries.IsBundled(plugin, cancel))
        {
            await activation.LoadBundled(plugin, cancel);
            return await Switch(actor, await Bundled(plugin, cancel), true, cancel);
        }

        var row = await Get(plugin, cancel);
        return await Activate(actor, row, row.ActiveVersion ?? row.PendingVersion!, cancel);
    }, cancel);

    /// Tries a plugin again that failed to start; one that runs, or that a person or an advisory keeps out, stays as it is.
    public Task Retry(Actor actor, string plugin, CancellationToken cancel) => Alone(async () =>
    {
        var row = await installed.Find(plugin, cancel);
        if (!activation.IsFaulted(plugin) || row is { Enabled: false })
        {
            return row;
        }

        if (await registries.IsBundled(plugin, cancel))
        {
            await activation.LoadBundled(plugin, cancel);
            return row;
        }

        return row is null ? row : await Activate(actor, row, row.ActiveVersion ?? row.PendingVersion!, cancel);
    }, cancel);

    public Task<bool> IsBundled(string plugin, CancellationToken cancel) => registries.IsBundled(plugin, cancel);

    public Task<InstalledPlugin> Disable(Actor actor, string plugin, CancellationToken cancel) => Alone(async () =>
    {
        var row = await Switch(actor, await Bundled(plugin, cancel), false, cancel);
        await activation.Retire(row, PluginActivation.Reason(row));
        return row;
    }, cancel);

    /// Installs a newer version from a registry; the old one goes on until the new one runs.
    public async Task<InstalledPlugin> Upgrade(Actor actor, string plugin, string? version, string? trusted, CancellationToken cancel)
    {
        var row = await Get(plugin, cancel);
        version ??= (await offers.Upgrade(row, cancel))?.Version ?? throw Refused($"{row.Name} {row.ActiveVersion} is the newest version that fits this host.");
        return await Install(actor, plugin, version, trusted, cancel);
    }

    public Task<InstalledPlugin> RollBack(Actor actor, string plugin, CancellationToken cancel) => Alone(async () =>
    {
        var row = await Get(plugin, cancel);
        return await Activate(actor, row, row.PreviousVersion ?? throw Refused($"{row.Name} has no earlier version on this host to go back to."), cancel);
    }, cancel);

    public Task Remove(Actor actor, string plugin, CancellationToken cancel) => Alone(async () =>
    {
        if (await registries.IsBundled(plugin, cancel))
        {
            throw Refused($"{plugin} comes with this host and cannot be removed. Disable it instead.");
        }

        var row = await Get(plugin, cancel);
        await installed.Remove(actor, row, cancel);
        await settings.Remove(plugin, actor, cancel);
        await activation.Forget(plugin);
        shelf.Sweep(await installed.Versions(null, cancel));
        return row;
    }, cancel);

    /// Takes out of use what an advisory blocks, lets in again what none blocks any more, and brings what runs in line with what is wanted.
    public Task Tend(CancellationToken cancel) => Alone(async () =>
    {
        foreach (var row in (await installed.List(cancel)).Where(row => row.ActiveVersion is not null))
        {
            var blocked = await Blocked(row, row.ActiveVersion!, cancel) is { } advisory
                ? $"{advisory.Id} blocks {row.Name} {row.ActiveVersion}: {advisory.Text} Install another version." : null;
            if (blocked != row.Blocked)
            {
                var entry = new AuditEntry(blocked is null ? "plugin.unblocked" : "plugin.blocked", "plugin", row.Id, row.Name) { Detail = new Dictionary<string, string> { ["version"] = row.ActiveVersion!, ["advisory"] = blocked ?? row.Blocked! } };
                await installed.Change(Actor.System, entry, now => (now ?? row) with { Blocked = blocked }, null, cancel);
            }
        }

        await activation.Reconcile(cancel);
        shelf.Sweep(await installed.Versions(null, cancel));
        return true;
    }, cancel);

    public void Dispose() => gate.Dispose();

    private async Task<InstalledPlugin> Take(Actor actor, StagedPackage staged, string? trusted, CancellationToken cancel)
    {
        var (package, manifest) = (staged.Package, staged.Package.Manifest);
        if (await registries.IsBundled(manifest.Id, cancel))
        {
            throw new PluginRefusedException(new PluginProblem("MM1043", $"{manifest.Name} ({manifest.Id}) comes with this host.", "It is updated with the host, and nothing takes its place.", "Update the host."));
        }

        var pin = await trust.Check(package, staged.Offer, trusted, cancel);
        var source = staged.Offer?.From.Id ?? InstalledPlugin.Upload;
        if ((await offers.Advisories(manifest.Id, manifest.Version, source, pin?.PublicKey, cancel)).FirstOrDefault(advisory => advisory.Blocks) is { } advisory)
        {
            throw new PluginRefusedException(new PluginProblem("MM1044", $"{manifest.Name} {manifest.Version} is blocked by {advisory.Id}.", advisory.Text, "Install another version."));
        }

        var known = await installed.Version(manifest.Id, manifest.Version, cancel);
        if (known is not null && known.ChecksumsSha256 != package.ChecksumsSha256)
        {
            throw new PluginRefusedException(new PluginProblem("MM1046", $"{manifest.Name} {manifest.Version} is installed already, with other files.", "A version means the same files for ever.", "Its publisher must give the changed plugin a new version."));
        }

        shelf.Keep(staged.Folder, manifest, known is not null);
        var version = new InstalledVersion
        {
            PluginId = manifest.Id, Version = manifest.Version, Sha256 = package.Sha256, ChecksumsSha256 = package.ChecksumsSha256, KeyFingerprint = package.Signature?.Fingerprint, Source = source,
        };
        var detail = new Dictionary<string, string> { ["version"] = manifest.Version, ["sha256"] = package.Sha256, ["key"] = version.KeyFingerprint ?? "not signed", ["source"] = source };
        var row = await installed.Change(
            actor, new AuditEntry("plugin.installed", "plugin", manifest.Id, manifest.Name) { Detail = detail },
            now => (now ?? new InstalledPlugin { Id = manifest.Id, Name = manifest.Name, Publisher = manifest.Publisher, Source = source, Enabled = true }) with
            {
                Name = manifest.Name, Source = source, PendingVersion = now?.ActiveVersion == manifest.Version ? now.PendingVersion : manifest.Version, Failure = null,
            },
            transaction => installed.Add(transaction, actor, version, pin, cancel), cancel);
        if ((await grants.Missing(manifest, cancel)).Count == 0)
        {
            return await activation.Activate(row, manifest.Version, actor, cancel);
        }

        await activation.Reconcile(cancel);
        return row;
    }

    private async Task<InstalledPlugin> Activate(Actor actor, InstalledPlugin row, string version, CancellationToken cancel)
    {
        if (await Blocked(row, version, cancel) is { } advisory)
        {
            throw new PluginRefusedException(new PluginProblem("MM1044", $"{row.Name} {version} is blocked by {advisory.Id}.", advisory.Text, "Install another version."));
        }

        var files = await installed.Version(row.Id, version, cancel) ?? throw Refused($"{row.Name} {version} is not on this host. Install it again.");
        var missing = await grants.Missing(shelf.Open(files).Manifest, cancel);
        return missing.Count == 0
            ? await activation.Activate(row, version, actor, cancel)
            : throw new PluginRefusedException(new PluginProblem(
                "MM1049", $"{row.Name} {version} asks for {string.Join(", ", missing.Select(capability => capability.Name))}, which nobody approved yet.", "A plugin gets what an administrator approved, and nothing beyond it.",
                $"Look at what it asks for under Settings, Plugins, or with: medicineman plugin approve {row.Id}"));
    }

    private async Task<RegistryAdvisory?> Blocked(InstalledPlugin row, string version, CancellationToken cancel)
    {
        var key = (await installed.Pins(cancel)).FirstOrDefault(pin => pin.Id == row.Publisher)?.PublicKey;
        return (await offers.Advisories(row.Id, version, row.Source, key, cancel)).FirstOrDefault(advisory => advisory.Blocks);
    }

    private Task<InstalledPlugin> Switch(Actor actor, InstalledPlugin row, bool on, CancellationToken cancel) => installed.Change(
        actor, new AuditEntry(on ? "plugin.enabled" : "plugin.disabled", "plugin", row.Id, row.Name), now => (now ?? row) with { Enabled = on }, null, cancel);

    /// The row of a plugin, which a bundled one gets when it is first switched.
    private async Task<InstalledPlugin> Bundled(string id, CancellationToken cancel)
    {
        var known = (await registries.Bundled(cancel)).Registry.Plugins.FirstOrDefault(plugin => plugin.Id == id && plugin.Source == InstalledPlugin.Bundled);
        return await installed.Find(id, cancel) ?? (known is null ? await Get(id, cancel)
            : new InstalledPlugin { Id = id, Name = known.Name, Publisher = known.Publisher, Source = InstalledPlugin.Bundled, Enabled = true });
    }

    private async Task<InstalledPlugin> Get(string id, CancellationToken cancel) =>
        await installed.Find(id, cancel) ?? throw Refused($"{id} is not installed. See: medicineman plugin list");

    private async Task<T> Alone<T>(Func<Task<T>> work, CancellationToken cancel)
    {
        await gate.WaitAsync(cancel);
        try
        {
            return await work();
        }
        finally
        {
            gate.Release();
        }
    }

    private static UserFacingException Refused(string sentence) => new(sentence) { Permanent = true };
}
