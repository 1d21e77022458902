using System.CommandLine;
using MedicineMan.Host.Api;
using MedicineMan.Host.Cli.Show;
using MedicineMan.Host.Cli.Wire;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages.Installed;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli.Plugins;

/// What a plugin may do: the version that waits is approved or turned down, and the one in use is given what it could do without, or loses it.
internal static class ApproveCommand
{
    private static readonly Option<bool> All = new("--all") { Description = "Approve everything it asks for." };
    private static readonly Option<string[]> Some = new("--capability") { Description = "Approve this one; may be given several times." };
    private static readonly Option<bool> Decline = new("--decline") { Description = "Turn the waiting version down instead; a plugin that never ran is removed." };
    private static readonly Option<string[]> Confirm = new("--confirm") { Description = "The name of a dangerous one once more; may be given several times." };
    private static readonly Option<string[]> Grant = new("--grant") { Description = "Of the version in use: approve this one from now on; may be given several times." };
    private static readonly Option<string[]> Revoke = new("--revoke") { Description = "Of the version in use: withdraw this one, which it can do without; may be given several times." };

    public static Command Create(Argument<string> id) =>
        new Command("approve", "Shows what a plugin asks for, and approves it; --grant and --revoke change what the version in use may do.") { id, All, Some, Decline, Confirm, Grant, Revoke }.Does(async (parsed, host, output, cancel) =>
        {
            var plugin = await host.Get<PluginAnswer>($"plugins/{Uri.EscapeDataString(parsed.GetValue(id)!)}", cancel);
            string[] grant = parsed.GetValue(Grant) ?? [], revoke = parsed.GetValue(Revoke) ?? [];
            return grant.Length + revoke.Length > 0 ? await Change(parsed, host, output, plugin, grant, revoke, cancel)
                : plugin.Pending is { } pending ? await Decide(parsed, host, output, plugin, pending, cancel)
                : parsed.GetValue(All) || parsed.GetValue(Decline) || parsed.GetValue(Some) is { Length: > 0 } ? throw new UserFacingException($"{plugin.Name} has nothing that waits to be approved.")
                : await Show(output, plugin);
        });

    private static async Task<int> Decide(ParseResult parsed, HostClient host, Output output, PluginAnswer plugin, PendingAnswer pending, CancellationToken cancel)
    {
        if (parsed.GetValue(Decline))
        {
            await host.Tell($"plugins/{plugin.Id}/decline", cancel);
            output.Remark($"{plugin.Name} {pending.Version} is turned down.");
            return 0;
        }

        string[] approved = parsed.GetValue(All) ? [.. pending.Asked.Select(capability => capability.Name)] : parsed.GetValue(Some) ?? [];
        if (approved.Length == 0 && pending.Asked.Count > 0)
        {
            await Table(output, pending.Asked);
            output.Remark($"Nothing was approved. To approve all of it: medicineman plugin approve {plugin.Id} --all{string.Concat(pending.Asked.Where(one => one.Dangerous).Select(one => $" --confirm {one.Name}"))}");
            return 1;
        }

        var request = new ApprovalRequest { Version = pending.Version, Capabilities = approved, Confirmed = parsed.GetValue(Confirm) };
        return PluginCommands.Show(host, output, await host.Post<PluginAnswer>($"plugins/{plugin.Id}/approve", request, cancel));
    }

    private static async Task<int> Change(ParseResult parsed, HostClient host, Output output, PluginAnswer plugin, string[] grant, string[] revoke, CancellationToken cancel)
    {
        if (grant.Concat(revoke).FirstOrDefault(name => plugin.Capabilities.All(capability => capability.Name != name)) is { } unknown)
        {
            throw new UserFacingException($"{plugin.Name} {plugin.Version} does not ask for \"{unknown}\". See what it asks for: medicineman plugin approve {plugin.Id}. Nothing was changed.");
        }

        var kept = plugin.Capabilities.Where(capability => (capability.Approved || grant.Contains(capability.Name)) && !revoke.Contains(capability.Name));
        var request = new ReapprovalRequest
        {
            Approved = [.. kept.SelectMany(one => CapabilityText.Of(new Capability(one.Name, one.Reason, one.Scope, one.Optional)))], Confirmed = parsed.GetValue(Confirm),
        };
        var changed = await host.Put<PluginAnswer>($"plugins/{plugin.Id}/approvals", request, cancel);
        return await Show(output, changed);
    }

    private static async Task<int> Show(Output output, PluginAnswer plugin)
    {
        await Table(output, plugin.Capabilities);
        return 0;
    }

    private static Task<int> Table(Output output, IReadOnlyList<CapabilityAnswer> capabilities) => output.List(
        capabilities.ToAsyncEnumerable(), "It asks for nothing.", ("CAPABILITY", capability => capability.Name), ("FOR", capability => string.Join(", ", capability.Scope)), ("APPROVED", capability => capability.Approved ? "yes" : "no"),
        ("NEEDED", capability => capability.Optional ? "no" : "yes"), ("DANGEROUS", capability => capability.Dangerous ? "yes" : ""), ("REASON", capability => capability.Reason));
}
