using System.CommandLine;
using System.Text.Json;
using MedicineMan.Repository.Restoring;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli.Repository.Restoring;

internal static class RestoreCommand
{
    public static Command Create(RepositoryAccess access)
    {
        var snapshot = new Argument<string>("snapshot") { Description = "Id, the start of one, or latest." };
        var target = new Option<string>("--target", "-t") { Description = "Folder to restore into.", Required = true };
        var path = new Option<string>("--path") { Description = "File or folder of the snapshot; default all of it.", DefaultValueFactory = _ => "/" };
        var chosen = new RestoreChoice();
        var overwrite = new Option<string>("--overwrite")
        {
            Description = "What happens to files that exist and differ: never (they are left and named), if-newer, if-changed (by size and time), always (their content is compared). Only blocks that differ are written.",
            DefaultValueFactory = _ => "never",
        };
        var delete = new Option<bool>("--delete") { Description = "Removes from the restored folders what the snapshot does not have; try it with --dry-run first." };
        var dryRun = new Option<bool>("--dry-run", "-n") { Description = "Lists what would be done, and does nothing." };
        var verify = new Option<bool>("--verify") { Description = "Reads back from the disk what was written." };
        var verbose = new Option<bool>("--verbose", "-v") { Description = "Lists what is done." };
        var command = new Command("restore", "Restores a snapshot into a folder; a restore that was interrupted goes on when it is started again.") { snapshot, target, path, overwrite, delete, dryRun, verify, verbose };
        chosen.AddTo(command);
        command.SetAction((parsed, cancel) => access.On(async (repository, answer, token) =>
        {
            var isDry = parsed.GetValue(dryRun);
            var options = new RestoreOptions(LsCommand.Segments(parsed.GetRequiredValue(path)), parsed.GetRequiredValue(target))
            {
                Include = chosen.Include(parsed), Exclude = chosen.Exclude(parsed), Overwrite = Read(parsed.GetRequiredValue(overwrite)), Delete = parsed.GetValue(delete), DryRun = isDry,
                Verify = parsed.GetValue(verify), Each = isDry || parsed.GetValue(verbose) ? entry => Say(answer, entry, isDry) : null,
            };
            if (options.Delete)
            {
                access.RefuseRepositoryIn(parsed, Path.GetFullPath(options.Target));
            }

            await using var tree = await repository.OpenSnapshot(parsed.GetRequiredValue(snapshot), token);
            RestoreReport report;
            await using (var line = RestoreLine.Show(answer))
            {
                report = await tree.Restore(options, line.Watched, token);
            }

            foreach (var problem in report.Problems)
            {
                answer.Warn(problem);
            }

            answer.Say(Summary(report, options), new { report.Files, report.Bytes, report.Unchanged, report.Kept, report.Removed, options.DryRun, report.Problems });
            return report.Problems.Count > 0 ? RepositoryAccess.Incomplete : 0;
        })(parsed, cancel));
        return command;
    }

    private static Overwrite Read(string name) => name switch
    {
        "never" => Overwrite.Never,
        "if-newer" => Overwrite.IfNewer,
        "if-changed" => Overwrite.IfChanged,
        "always" => Overwrite.Always,
        _ => throw new UserFacingException($"{name} is no rule for files that exist. Write never, if-newer, if-changed or always."),
    };

    private static void Say(Answer answer, RestoredEntry entry, bool isDry)
    {
        var action = JsonNamingPolicy.CamelCase.ConvertName(entry.Action.ToString());
        lock (answer)
        {
            answer.Say(Answer.Printable($"{(isDry ? "would be " : "")}{action,-9}  {entry.Path}"), new { action, entry.Path, entry.Size });
        }
    }

    private static string Summary(RestoreReport report, RestoreOptions options) =>
        $"{(options.DryRun ? "Would restore" : "Restored")} {report.Files} files{(options.DryRun ? "" : $", {Answer.Size(report.Bytes)} written,")} to {Answer.Printable(options.Target)}."
        + (report.Unchanged > 0 ? $" {report.Unchanged} {(options.DryRun ? "are" : "were")} right already." : "")
        + (report.Kept > 0 ? $" {report.Kept} are as new and stay." : "")
        + (report.Removed > 0 ? $" {report.Removed} {(options.DryRun ? "would be" : "were")} removed." : "")
        + (report.Problems.Count > 0 ? $" {report.Problems.Count} could not be restored as they were." : "");
}
