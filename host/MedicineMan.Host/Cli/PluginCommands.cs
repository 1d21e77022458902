using System.CommandLine;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using MedicineMan.Host.Api;
using MedicineMan.Host.Cli.Plugins;
using MedicineMan.Host.Cli.Show;
using MedicineMan.Host.Cli.Wire;
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
        List(), Install(), Approve(), Upgrade(), Remove(),
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
                ("MEMORY", plugin => Memory(plugin)), ("NEWER", plugin => plugin.Upgrade), ("WITH", plugin => string.Join(", ", plugin.Contributions)), ("PROBLEM", plugin => plugin.Reason)));
    }

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
            var plugin = name.EndsWith(PackageForm.Extension, StringComparison.OrdinalIgnoreCase)
                ? await Send(host, name, trust, cancel)
                : await host.Post<PluginAnswer>("plugins", new InstallRequest { Plugin = name, Version = parsed.GetValue(Version), Trust = trust }, cancel);
            return Show(host, output, plugin);
        });
    }

    private static Command Approve()
    {
        var all = new Option<bool>("--all") { Description = "Approve everything it asks for." };
        var some = new Option<string[]>("--capability") { Description = "Approve this one; may be given several times." };
        var decline = new Option<bool>("--decline") { Description = "Turn the waiting version down instead; a plugin that never ran is removed." };
        var confirm = new Option<string[]>("--confirm") { Description = "The name of a dangerous one once more; may be given several times." };
        return new Command("approve", "Shows what a plugin asks for, and approves it.") { Id, all, some, confirm, decline }.Does(async (parsed, host, output, cancel) =>
        {
            var plugin = await host.Get<PluginAnswer>($"plugins/{Uri.EscapeDataString(parsed.GetValue(Id)!)}", cancel);
            if (plugin.Pending is not { } pending)
            {
                throw new UserFacingException($"{plugin.Name} has nothing that waits to be approved.");
            }

            if (parsed.GetValue(decline))
            {
                await host.Tell($"plugins/{plugin.Id}/decline", cancel);
                output.Remark($"{plugin.Name} {pending.Version} is turned down.");
                return 0;
            }

            string[] approved = parsed.GetValue(all) ? [.. pending.Asked.Select(capability => capability.Name)] : parsed.GetValue(some) ?? [];
            if (approved.Length == 0 && pending.Asked.Count > 0)
            {
                await output.List(
                    pending.Asked.ToAsyncEnumerable(), "", ("CAPABILITY", capability => capability.Name), ("FOR", capability => string.Join(", ", capability.Scope)),
                    ("NEEDED", capability => capability.Optional ? "no" : "yes"), ("DANGEROUS", capability => capability.Dangerous ? "yes" : ""), ("REASON", capability => capability.Reason));
                output.Remark($"Nothing was approved. To approve all of it: medicineman plugin approve {plugin.Id} --all{string.Concat(pending.Asked.Where(one => one.Dangerous).Select(one => $" --confirm {one.Name}"))}");
                return 1;
            }

            var request = new ApprovalRequest { Version = pending.Version, Capabilities = approved, Confirmed = parsed.GetValue(confirm) };
            return Show(host, output, await host.Post<PluginAnswer>($"plugins/{plugin.Id}/approve", request, cancel));
        });
    }

    private static Command Upgrade() => new Command("upgrade", "Installs a newer version from a registry; the old one goes on until the new one runs.") { Id, Version, Trust }.Does(async (parsed, host, output, cancel) =>
        Show(host, output, await host.Post<PluginAnswer>(
            $"plugins/{Uri.EscapeDataString(parsed.GetValue(Id)!)}/upgrade", new UpgradeRequest { Version = parsed.GetValue(Version), Trust = parsed.GetValue(Trust) }, cancel)));

    private static Command Remove() => new Command("remove", "Removes a plugin with its files and approvals.") { Id }.Does(async (parsed, host, output, cancel) =>
    {
        await host.Delete($"plugins/{Uri.EscapeDataString(parsed.GetValue(Id)!)}", cancel);
        output.Remark($"{parsed.GetValue(Id)} is removed.");
        return 0;
    });

    private static Command Verb(string verb, string description) => new Command(verb, description) { Id }.Does(async (parsed, host, output, cancel) =>
        Show(host, output, await host.Post<PluginAnswer>($"plugins/{Uri.EscapeDataString(parsed.GetValue(Id)!)}/{verb}", null, cancel)));

    private static int Show(HostClient host, Output output, PluginAnswer plugin)
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

    private static string? Memory(PluginAnswer plugin) => plugin.Memory is { } memory ? $"{(memory.Whole ? "" : "more than ")}{Output.Bytes(memory.Bytes)}" : null;

    internal static async Task<PluginAnswer> Send(HostClient host, string file, string? trust, CancellationToken cancel)
    {
        if (!File.Exists(file) || new FileInfo(file).Length > PackageForm.LargestPackage)
        {
            throw new UserFacingException($"{file} does not exist, or has more than {PackageForm.LargestPackage} bytes. Name a package that was made with: medicineman plugin pack");
        }

        var bytes = await File.ReadAllBytesAsync(file, cancel);
        Func<HttpContent> content = () => new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
        return await host.Post<PluginAnswer>($"plugins/upload?sha256={Convert.ToHexStringLower(SHA256.HashData(bytes))}{(trust is null ? "" : $"&trust={Uri.EscapeDataString(trust)}")}", content, cancel);
    }
}
