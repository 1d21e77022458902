using System.CommandLine;
using MedicineMan.Repository;
using MedicineMan.Repository.Repairing;

namespace MedicineMan.Host.Cli.Repository.Upkeep;

internal static class RepairCommand
{
    private const int MostNamed = 20;

    public static Command Create(RepositoryAccess access) =>
        new("repair", "Repairs what a check has found. Never makes it worse: no pack is removed, and a snapshot only when told so.") { Index(access), Packs(access), Snapshots(access) };

    private static Command Index(RepositoryAccess access)
    {
        var (dryRun, all) = (DryRun(), new Option<bool>("--read-all-packs") { Description = "Trusts no index file and reads every pack's header." });
        var command = new Command("index", "Builds the index anew from the packs where they disagree.") { dryRun, all };
        command.SetAction((parsed, cancel) => access.On(async (repository, answer, token) =>
        {
            var options = new RepairOptions { DryRun = parsed.GetValue(dryRun), ReadAllPacks = parsed.GetValue(all), LockPatience = access.LockPatience(parsed) };
            await using var line = StepLine.Show(answer);
            return Say(answer, options.DryRun, await repository.Upkeep.RepairIndex(options, line, token));
        })(parsed, cancel));
        return command;
    }

    private static Command Packs(RepositoryAccess access)
    {
        var names = new Argument<string[]>("pack") { Description = "Packs to repair: ids or starts of ids. Without any, all are read and those that are damaged are repaired.", Arity = ArgumentArity.ZeroOrMore };
        var dryRun = DryRun();
        var command = new Command("packs", "Saves the whole blocks of damaged packs into new ones.") { names, dryRun };
        command.SetAction((parsed, cancel) => access.On(async (repository, answer, token) =>
        {
            var options = new RepairOptions { DryRun = parsed.GetValue(dryRun), Packs = parsed.GetValue(names) ?? [], LockPatience = access.LockPatience(parsed) };
            await using var line = StepLine.Show(answer);
            return Say(answer, options.DryRun, await repository.Upkeep.RepairPacks(options, line, token));
        })(parsed, cancel));
        return command;
    }

    private static Command Snapshots(RepositoryAccess access)
    {
        var (dryRun, forget) = (DryRun(), new Option<bool>("--forget") { Description = "Removes damaged snapshots when their repaired copies are stored, and files that are no readable snapshots." });
        var command = new Command("snapshots", "Stores copies of damaged snapshots without what is lost. Repair index and packs first.") { dryRun, forget };
        command.SetAction((parsed, cancel) => access.On(async (repository, answer, token) =>
        {
            var options = new RepairOptions { DryRun = parsed.GetValue(dryRun), Forget = parsed.GetValue(forget), LockPatience = access.LockPatience(parsed) };
            SnapshotRepair report;
            await using (var line = StepLine.Show(answer))
            {
                report = await repository.Upkeep.RepairSnapshots(options, line, token);
            }

            foreach (var snapshot in answer.IsJson ? [] : report.Repaired)
            {
                answer.Warn($"{snapshot.Old.Prefix} {(snapshot.New is { } copy ? $"is now {copy.Prefix}" : options.DryRun ? "would be repaired" : "has a repaired copy, or nothing is left of it")}, without:");
                foreach (var path in snapshot.Lost.Take(MostNamed))
                {
                    answer.Warn($"  {path}");
                }

                if (snapshot.Lost.Count > MostNamed)
                {
                    answer.Warn($"  and {snapshot.Lost.Count - MostNamed} more");
                }
            }

            answer.Say(
                $"Looked through {report.Checked} snapshots: {report.Repaired.Count} damaged, {report.Unreadable.Count} not readable.",
                new
                {
                    options.DryRun, report.Checked, report.Unreadable,
                    repaired = report.Repaired.Select(snapshot => new { old = snapshot.Old.ToString(), @new = snapshot.New?.ToString(), snapshot.Lost }),
                });
            return 0;
        })(parsed, cancel));
        return command;
    }

    private static Option<bool> DryRun() => new("--dry-run", "-n") { Description = "Says what would be done, and does nothing." };

    private static int Say(Answer answer, bool dryRun, IndexRepair report)
    {
        foreach (var pack in answer.IsJson ? [] : report.Unexplained)
        {
            answer.Warn($"Nothing explains the pack {pack}: it was left alone.");
        }

        answer.Say(
            $"{(dryRun ? "Would add" : "Added")} {report.Added.Count} packs to the index and {(dryRun ? "drop" : "dropped")} {report.Dropped.Count} that are missing. "
            + $"Damaged packs: {report.Salvaged.Count}, {report.BlobsSaved} blocks saved, {report.BlobsLost} lost. {report.IndexFilesReplaced} index files replaced."
            + (report.BlobsLost > 0 || report.Dropped.Count > 0 ? " Run a check, then repair snapshots." : ""),
            new
            {
                dryRun, added = Texts(report.Added), dropped = Texts(report.Dropped), salvaged = Texts(report.Salvaged), unexplained = Texts(report.Unexplained),
                report.BlobsSaved, report.BlobsLost, report.IndexFilesReplaced,
            });
        return report.Unexplained.Count > 0 ? RepositoryAccess.Incomplete : 0;
    }

    private static IEnumerable<string> Texts(IEnumerable<ObjectId> ids) => ids.Select(id => id.ToString());
}
