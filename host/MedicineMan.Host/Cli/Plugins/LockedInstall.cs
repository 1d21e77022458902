using System.Text.Json;
using MedicineMan.Host.Api;
using MedicineMan.Host.Cli.Show;
using MedicineMan.Host.Cli.Wire;
using MedicineMan.Host.Plugins.Packages.Format;
using MedicineMan.Host.Plugins.Packages.Installed;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli.Plugins;

/// Brings a host to the state a lock file tells of: the same versions with the same hashes, keys and approvals. What can be seen to differ is
/// refused before anything is done. Whoever runs it approves what the file approves.
internal sealed class LockedInstall(HostClient host, Output output, string folder, PluginLock wanted)
{
    private Dictionary<string, LockedPlugin> here = [];

    public static async Task<int> Run(HostClient host, Output output, string file, CancellationToken cancel)
    {
        try
        {
            var wanted = PluginLock.Read(await Door.Read(file, cancel));
            return await new LockedInstall(host, output, Path.GetDirectoryName(Path.GetFullPath(file))!, wanted).Run(cancel);
        }
        catch (JsonException broken)
        {
            throw new UserFacingException($"{file} is no lock file: {broken.Message}. Make one with: medicineman plugin lock", broken);
        }
    }

    private async Task<int> Run(CancellationToken cancel)
    {
        here = (await Now(cancel)).ToDictionary(plugin => plugin.Id, StringComparer.Ordinal);
        string[] problems = [.. wanted.Plugins.Select(Problem).OfType<string>()];
        if (problems.Length > 0)
        {
            throw new UserFacingException(string.Join('\n', [.. problems, "Nothing was changed."]));
        }

        foreach (var plugin in wanted.Plugins.Where(plugin => !plugin.Equals(here.GetValueOrDefault(plugin.Id))))
        {
            await Bring(plugin, cancel);
            output.Remark($"{plugin.Title} is as in the file.");
        }

        foreach (var extra in here.Keys.Except(wanted.Plugins.Select(plugin => plugin.Id)))
        {
            output.Remark($"{extra} is installed here and not in the file; it was left alone.");
        }

        var now = await Now(cancel);
        string[] different = [.. wanted.Plugins.Where(plugin => !now.Contains(plugin)).Select(plugin => plugin.Title)];
        return different.Length == 0 ? 0 : throw new UserFacingException($"Not as in the file: {string.Join(", ", different)}. Compare with: medicineman plugin lock");
    }

    /// What is wrong before a request is made; null when nothing is.
    private string? Problem(LockedPlugin plugin)
    {
        var there = here.GetValueOrDefault(plugin.Id);
        if (plugin.IsBundled)
        {
            return there is not { IsBundled: true } ? $"{plugin.Title} comes with another host, and not with this one."
                : there.Version != plugin.Version ? $"{plugin.Title} comes with its host; this one has {there.Version}. Install the same version of Medicine Man."
                : null;
        }

        return there is { IsBundled: true } ? $"{plugin.Title} comes with this host and cannot be installed over it."
            : there is not null && there.Version == plugin.Version && there.Sha256 != plugin.Sha256 ? $"{plugin.Title} is installed here with the SHA-256 {there.Sha256}; the file says {plugin.Sha256}."
            : plugin.Sha256 is null ? $"{plugin.Title} has no SHA-256 in the file."
            : there?.Version == plugin.Version || !plugin.IsUpload ? null
            : !File.Exists(Package(plugin)) ? $"{plugin.Title} was uploaded, so its package must lie beside the file, as {Package(plugin)}."
            : PackageChecksums.HashOf(Package(plugin)) is var hash && hash != plugin.Sha256 ? $"{Package(plugin)} has the SHA-256 {hash}; the file says {plugin.Sha256}."
            : null;
    }

    private async Task Bring(LockedPlugin plugin, CancellationToken cancel)
    {
        if (!plugin.IsBundled && here.GetValueOrDefault(plugin.Id)?.Version != plugin.Version)
        {
            var answer = plugin.IsUpload ? await PluginCommands.Send(host, Package(plugin), plugin.Key, cancel) : await Fetch(plugin, cancel);
            await Approve(plugin, answer, cancel);
        }
        else if (!plugin.IsBundled && !plugin.Approved.SequenceEqual(here[plugin.Id].Approved, StringComparer.Ordinal))
        {
            var request = new ReapprovalRequest { Approved = plugin.Approved, Confirmed = [.. plugin.Approved.Select(text => text.Split(' ')[0]).Distinct()] };
            await host.Put<PluginAnswer>($"plugins/{plugin.Id}/approvals", request, cancel);
        }

        if (plugin.Enabled != (await host.Get<PluginAnswer>($"plugins/{plugin.Id}", cancel)).Enabled)
        {
            await host.Post<PluginAnswer>($"plugins/{plugin.Id}/{(plugin.Enabled ? "enable" : "disable")}", null, cancel);
        }
    }

    private async Task<PluginAnswer> Fetch(LockedPlugin plugin, CancellationToken cancel)
    {
        var registry = await host.All<RegistryAnswer>("plugins/registries", cancel).FirstOrDefaultAsync(one => one.Location == plugin.Source, cancel);
        if (registry is null)
        {
            registry = await host.Post<RegistryAnswer>("plugins/registries", new RegistryRequest { Location = plugin.Source }, cancel);
            if (registry.Key != plugin.RegistryKey)
            {
                await host.Delete($"plugins/registries/{registry.Id}", cancel);
            }
        }

        return registry.Key == plugin.RegistryKey
            ? await host.Post<PluginAnswer>("plugins", new InstallRequest { Plugin = plugin.Id, Version = plugin.Version, Trust = plugin.Key, Sha256 = plugin.Sha256, Registry = registry.Id }, cancel)
            : throw new UserFacingException($"{plugin.Title}: the registry {plugin.Source} is signed with {registry.Key}; the file says {plugin.RegistryKey}. Nothing of it was installed.");
    }

    private async Task Approve(LockedPlugin plugin, PluginAnswer answer, CancellationToken cancel)
    {
        if (answer.Pending is { Failure: null } pending)
        {
            // By what the file says of every part of a scope; the same package asks for the same.
            string[] approved = [.. pending.Asked.Where(asked => Texts(asked).All(text => CapabilityText.Covers(plugin.Approved.ToHashSet(StringComparer.Ordinal), text))).Select(asked => asked.Name).Distinct()];
            await host.Post<PluginAnswer>($"plugins/{plugin.Id}/approve", new ApprovalRequest { Version = pending.Version, Capabilities = approved, Confirmed = approved }, cancel);
        }
    }

    private static IEnumerable<string> Texts(CapabilityAnswer asked) => CapabilityText.Of(new Host.Plugins.Manifests.Capability(asked.Name, asked.Reason, asked.Scope, asked.Optional));

    private async Task<IReadOnlyList<LockedPlugin>> Now(CancellationToken cancel) => (await host.Get<PluginLock>("plugins/lock", cancel)).Plugins;

    private string Package(LockedPlugin plugin) => Path.Combine(folder, $"{plugin.Id}-{plugin.Version}{PackageForm.Extension}");
}
