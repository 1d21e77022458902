using System.CommandLine;
using System.Globalization;
using MedicineMan.Host.Api;
using MedicineMan.Host.Cli.Show;
using MedicineMan.Host.Cli.Wire;

namespace MedicineMan.Host.Cli;

internal static class BackupCommands
{
    public static Command Create() => new Command("backup", "Backups: run, list.") { Run("run"), List() }.ThroughTheDoor();

    /// Also under "plan", where some look for it.
    public static Command Run(string verb)
    {
        var name = new Argument<string>("plan") { Description = "Name or id of the plan." };
        var wait = new Option<bool>("--wait") { Description = "Wait until the backup is stored and proven." };
        return new Command(verb, "Backs up a plan now.") { name, wait }.Does(async (parsed, host, output, cancel) =>
        {
            var plan = await host.Plan(parsed.GetValue(name)!, cancel);
            var backup = await host.Start<BackupAnswer>($"plans/{plan.Id}/run", null, cancel);
            if (!parsed.GetValue(wait))
            {
                output.One(backup, ("backup", backup.Id));
                return Endings.Queued(host, output, backup.DumpJobId!);
            }

            backup = await Finished(host, output, backup, cancel);
            output.One(
                backup,
                ("backup", backup.Id), ("state", backup.State), ("snapshot", backup.SnapshotId),
                ("read", backup.SnapshotId is null ? null : $"{Output.Bytes(backup.ReadBytes)}, new {Output.Bytes(backup.NewBytes)}, stored as {Output.Bytes(backup.StoredBytes)}"),
                ("holds", backup.Tables == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"{backup.Tables:N0} tables, {backup.Rows:N0} rows")),
                ("proof", backup.RestoreMilliseconds is > 0 and var took ? string.Create(CultureInfo.InvariantCulture, $"restored in {took / 1000.0:0.0} s, compared in {backup.CompareMilliseconds / 1000.0:0.0} s") : null));
            return Endings.Of(output, backup);
        });
    }

    private static Command List()
    {
        var plan = new Option<string?>("--plan") { Description = "Only of this plan." };
        var most = new Option<int>("--most") { Description = "At most so many, newest first.", DefaultValueFactory = _ => 50 };
        return new Command("list", "Lists backups, newest first.") { plan, most }.Does(async (parsed, host, output, cancel) =>
        {
            var of = parsed.GetValue(plan) is { } name ? $"?plan={(await host.Plan(name, cancel)).Id}" : "";
            return await output.List(
                host.All<BackupAnswer>("backups" + of, cancel).Take(parsed.GetValue(most)),
                "No backup yet. Make one with: medicineman backup run <plan>",
                ("WHEN", backup => Output.Time(backup.CreatedAt)), ("PLAN", backup => backup.PlanName ?? backup.Origin ?? "removed plan"), ("SERVER", backup => backup.ServerName), ("STATE", backup => backup.State),
                ("READ", backup => backup.SnapshotId is null ? "" : Output.Bytes(backup.ReadBytes)), ("STORED", backup => backup.SnapshotId is null ? "" : Output.Bytes(backup.StoredBytes)),
                ("SNAPSHOT", backup => backup.SnapshotId?[..8]), ("ID", backup => backup.Id));
        });
    }

    /// Follows one stage's job after the other until no stage will change any more.
    private static async Task<BackupAnswer> Finished(HostClient host, Output output, BackupAnswer backup, CancellationToken cancel)
    {
        var watch = new JobWatch(host, output);
        var seen = new HashSet<string>();
        while (!backup.Final && (backup.ProveJobId ?? backup.DumpJobId) is { } job)
        {
            if (!seen.Add(job))
            {
                // The job has ended and its record is about to say so.
                await Task.Delay(TimeSpan.FromMilliseconds(200), cancel);
            }

            await watch.Wait(job, cancel);
            backup = await host.Get<BackupAnswer>($"backups/{backup.Id}", CancellationToken.None);
        }

        return backup;
    }
}
