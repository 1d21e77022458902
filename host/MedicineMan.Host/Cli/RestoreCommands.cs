using System.CommandLine;
using MedicineMan.Host.Api;
using MedicineMan.Host.Backups;
using MedicineMan.Host.Backups.Restores;
using MedicineMan.Host.Cli.Show;
using MedicineMan.Host.Cli.Wire;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli;

internal static class RestoreCommands
{
    public static Command Create()
    {
        var what = new Argument<string>("backup") { Description = "Id of a backup, or a snapshot's id or its beginning." };
        var item = new Option<string?>("--item") { Description = "What to restore of it, for instance the name of a database. Default: all it holds." };
        var server = new Option<string>("--to-server") { Description = "Server to restore to.", Required = true };
        var target = new Option<string>("--as") { Description = "Name the restored one gets; {item} in it stands for its own name, for several at once.", Required = true };
        var tables = new Option<string[]>("--table") { Description = "Only this table; may be given several times." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would happen." };
        var replace = new Option<bool>("--replace") { Description = "Replace an existing one of that name; needs --confirm." };
        var confirm = new Option<string?>("--confirm") { Description = "The name of what is replaced, once more." };
        var wait = new Option<bool>("--wait") { Description = "Wait for the end." };
        return new Command("restore", "Restores a database or tables from a backup.") { what, item, server, target, tables, dryRun, replace, confirm, wait }.ThroughTheDoor().Does(async (parsed, host, output, cancel) =>
        {
            var name = parsed.GetValue(target)!;
            if (parsed.GetValue(replace) && parsed.GetValue(confirm) != name)
            {
                throw new UserFacingException($"To replace {name}, type its name: --replace --confirm \"{name}\". Nothing was changed.");
            }

            var backup = await Backup(host, parsed.GetValue(what)!, cancel);
            IReadOnlyList<string> items = parsed.GetValue(item) is { } chosen ? [chosen] : backup.Items;
            TargetName.MustFit(name, items.Count, parsed.GetValue(replace));
            var worst = 0;
            foreach (var one in items)
            {
                worst = Math.Max(worst, await Restore(one));
            }

            return worst;

            async Task<int> Restore(string one)
            {
                var order = new RestoreOrder
                {
                    BackupId = backup.Id, Item = one, ServerId = (await host.Server(parsed.GetValue(server)!, cancel)).Id, Target = TargetName.For(name, one),
                    Objects = parsed.GetValue(tables), DryRun = parsed.GetValue(dryRun), Confirmation = parsed.GetValue(replace) ? parsed.GetValue(confirm) : null,
                };
                var restore = await host.Start<RestoreAnswer>("restores", order, cancel);
                if (!parsed.GetValue(wait))
                {
                    output.One(restore, ("restore", restore.Id));
                    return Endings.Queued(host, output, restore.JobId!);
                }

                var job = await new JobWatch(host, output).Wait(restore.JobId!, cancel);
                restore = await host.Get<RestoreAnswer>($"restores/{restore.Id}", CancellationToken.None);
                return Told(output, restore, job);
            }
        });
    }

    private static int Told(Output output, RestoreAnswer restore, JobAnswer job)
    {
        if (output.IsJson)
        {
            Output.Json(restore);
        }
        else
        {
            output.Line($"{restore.Item} to {restore.ServerName} as {restore.Target}{(restore.DryRun ? " (dry run)" : "")}: {restore.State.Text()}");
            foreach (var step in restore.Steps ?? [])
            {
                output.Line($"  {step}");
            }
        }

        foreach (var warning in restore.Warnings ?? [])
        {
            output.Remark($"Warning: {warning}");
        }

        if (restore.State is StageState.Done)
        {
            return restore.Warnings is { Count: > 0 } ? Endings.Incomplete : 0;
        }

        output.Remark(restore.Error ?? job.Error ?? "The restore did not finish.");
        return 1;
    }

    private static async Task<BackupAnswer> Backup(HostClient host, string what, CancellationToken cancel)
    {
        if (await host.Find<BackupAnswer>($"backups/{Uri.EscapeDataString(what)}", cancel) is { } backup)
        {
            return backup;
        }

        var found = await host.All<BackupAnswer>("backups", cancel).Where(one => one.SnapshotId?.StartsWith(what, StringComparison.Ordinal) == true).Take(2).ToListAsync(cancel);
        return found switch
        {
            [var only] => only,
            [] => throw new UserFacingException($"There is no backup {what}, and none whose snapshot begins so. See: medicineman backup list"),
            _ => throw new UserFacingException($"More than one snapshot begins with {what}. Give more of its id."),
        };
    }
}
