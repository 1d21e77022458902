using System.CommandLine;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using MedicineMan.Host.Api;
using MedicineMan.Host.Cli.Plugins;
using MedicineMan.Host.Cli.Show;
using MedicineMan.Host.Cli.Wire;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Plugins.Packages.Format;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli;

internal static class PluginCommands
{
    private static readonly Argument<string> Id = new("plugin") { Description = "Id of the plugin, for instance acme.hello." };
    private static readonly Option<string?> Version = new("--to") { Description = "The version. Default: the newest that fits." };
    private static readonly Option<string?> Trust = new("--trust") { Description = "Fingerprint of the publisher's key, SHA256:…, as you compared it." };

    public static Command Create() => new Command("plugin", "Plugins: list, install, approve, enable, disable, upgrade, roll back, remove; pack, sign, verify.")
    {
        List(), Install(), ApproveCommand.Create(Id), Upgrade(), Remove(),
        Verb("enable", "Puts a disabled plugin in use again."), Verb("disable", "Takes a plugin out of use."), Verb("rollback", "Goes back to the version before."),
        RegistryCommands.Create(), PackageCommands.Pack(), PackageCommands.Sign(), PackageCommands.Verify(), PackageCommands.Key(), PluginSettingsCommands.Create(), LockCommand.Create(),
    }.ThroughTheDoor();

    private static Command List()
    {
        var available = new Option<bool>("--available") { Description = "What the registries offer and this host does not have." };
        return new Command("list", "Lists the plugins.") { available }.Does((parsed, host, output, cancel) => parsed.GetValue(available)
            ? output.List(
                host.All<OfferAnswer>("plugins/available", cancel), "No registry offers anything new. Add one with: medicineman plugin registry add https://…",
                ("PLUGIN", offer => offer.Id), ("NAME", offer => offer.Name), ("VERSION", offer => offer.Version), ("FROM", offer => offer.Registry), ("ABOUT", offer => offer.Summary))
            : output.List(
                host.All<PluginAnswer>("plugins", cancel), "No plugin.",
                ("PLUGIN", plugin => plugin.Id), ("NAME", plugin => plugin.Name), ("VERSION", plugin => plugin.Version), ("STATE", plugin => plugin.State.ToString().ToLowerInvariant()),
                ("MEMORY", plugin => Memory(plugin)), ("NEWER", plugin => plugin.Upgrade), ("WITH", plugin => With(plugin)), ("PROBLEM", plugin => Problem(plugin))));
    }

    private static string Problem(PluginAnswer plugin) => string.Join(' ', [.. plugin.Warnings, plugin.Reason]).Trim();

    private static Command Install()
    {
        var what = new Argument<string?>("plugin") { Description = $"Id of a plugin in a registry, or a package file (*{PackageForm.Extension}).", Arity = ArgumentArity.ZeroOrOne };
        var locked = new Option<string?>("--lock") { Description = "A file that \"medicineman plugin lock\" wrote: brings this host to the same plugins, with the same hashes and approvals. Packages that were uploaded lie beside it." };
        return new Command("install", "Installs a plugin; what it asks for is approved by: medicineman plugin approve") { what, Version, Trust, locked }.Does(async (parsed, host, output, cancel) =>
        {
            if (parsed.GetValue(what) is null == parsed.GetValue(locked) is null)
            {
                throw new UserFacingException("Name a plugin or a package, or a file with --lock.");
            }

            if (parsed.GetValue(locked) is { } file)
            {
                return await LockedInstall.Run(host, output, file, cancel);
            }

            var (name, trust) = (parsed.GetValue(what)!, parsed.GetValue(Trust));
            var plugin = name.EndsWith(PackageForm.Extension, StringComparison.OrdinalIgnoreCase) || Directory.Exists(name)
                ? await Send(host, name, trust, cancel)
                : await host.Post<PluginAnswer>("plugins", new InstallRequest { Plugin = name, Version = parsed.GetValue(Version), Trust = trust }, cancel);
            return Show(host, output, plugin);
        });
    }

    private static Command Upgrade() => new Command("upgrade", "Installs a newer version from a registry; the old one goes on until the new one runs.") { Id, Version, Trust }.Does(async (parsed, host, output, cancel) =>
        Show(host, output, await host.Post<PluginAnswer>(
            $"plugins/{Uri.EscapeDataString(parsed.GetValue(Id)!)}/upgrade", new UpgradeRequest { Version = parsed.GetValue(Version), Trust = parsed.GetValue(Trust) }, cancel)));

    private static Command Remove()
    {
        var confirm = new Option<string?>("--confirm") { Description = "The plugin's id once more." };
        return new Command("remove", "Removes a plugin with its files and approvals.") { Id, confirm }.Does(async (parsed, host, output, cancel) =>
        {
            var plugin = await host.Get<PluginAnswer>($"plugins/{Uri.EscapeDataString(parsed.GetValue(Id)!)}", cancel);
            if (parsed.GetValue(confirm) != plugin.Id)
            {
                throw new UserFacingException($"{plugin.Name} goes with its files and all that was approved for it. To remove it, type its id: --confirm {plugin.Id}. Nothing was changed.");
            }

            await host.Delete($"plugins/{plugin.Id}", cancel);
            output.Remark($"{plugin.Name} is removed.");
            return 0;
        });
    }

    private static Command Verb(string verb, string description) => new Command(verb, description) { Id }.Does(async (parsed, host, output, cancel) =>
        Show(host, output, await host.Post<PluginAnswer>($"plugins/{Uri.EscapeDataString(parsed.GetValue(Id)!)}/{verb}", null, cancel)));

    internal static int Show(HostClient host, Output output, PluginAnswer plugin)
    {
        if (plugin.Pending is { Failure: null } pending)
        {
            output.Remark($"{plugin.Name} {pending.Version} waits to be approved: medicineman plugin approve {plugin.Id}");
        }

        if (host.InProcess is { IsServed: true })
        {
            output.Remark("The server on this data directory takes the change up within seconds.");
        }

        return output.One(plugin, ("plugin", plugin.Id), ("version", plugin.Version), ("state", plugin.State.ToString().ToLowerInvariant()), ("reason", plugin.Reason), ("key", plugin.Key), ("memory", Memory(plugin)));
    }

    /// A plugin's contributions in a column: what there is one of by its name, the rest by its number.
    private static string With(PluginAnswer plugin) =>
        string.Join(", ", PluginEntry.ByKind(plugin.Contributions).Select(kind => kind.Names.Count == 1 ? $"{kind.Kind} {kind.Names[0]}" : $"{kind.Names.Count} {kind.Kind}s"));

    private static string? Memory(PluginAnswer plugin) => plugin.Memory is { } memory ? $"{(memory.Whole ? "" : "more than ")}{Output.Bytes(memory.Bytes)}" : null;

    internal static async Task<PluginAnswer> Send(HostClient host, string file, string? trust, CancellationToken cancel)
    {
        if (!File.Exists(file))
        {
            throw new UserFacingException(Directory.Exists(file) ? $"{file} is a folder. Make a package of it with: medicineman plugin pack {file}" : $"There is no file {file}. A package is made with: medicineman plugin pack");
        }

        if (new FileInfo(file).Length > PackageForm.LargestPackage)
        {
            throw new UserFacingException($"{file} is larger than {Output.Bytes(PackageForm.LargestPackage)}, the most a package may be. Its publisher must leave out what the plugin does not need.");
        }

        var bytes = await File.ReadAllBytesAsync(file, cancel);
        Func<HttpContent> content = () => new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
        return await host.Post<PluginAnswer>($"plugins/upload?sha256={Convert.ToHexStringLower(SHA256.HashData(bytes))}{(trust is null ? "" : $"&trust={Uri.EscapeDataString(trust)}")}&file={Uri.EscapeDataString(Path.GetFileName(file))}", content, cancel);
    }
}
