using System.CommandLine;
using MedicineMan.Host.Cli.Repository.Upkeep;
using MedicineMan.Repository;
using MedicineMan.Repository.Copying;

namespace MedicineMan.Host.Cli.Repository.Looking;

internal static class CopyCommand
{
    public static Command Create(RepositoryAccess access)
    {
        var names = new Argument<string[]>("snapshot") { Description = "Snapshots to copy: ids, starts of ids or latest. Without any: all.", Arity = ArgumentArity.ZeroOrMore };
        var from = new Option<string>("--from-repo") { Description = "The repository to copy from; --repo is the one to copy into.", Required = true };
        var password = new Option<string>("--from-password-file") { Description = "File that holds its password.", Required = true };
        var dryRun = new Option<bool>("--dry-run", "-n") { Description = "Says which snapshots would be copied, and copies nothing." };
        var command = new Command("copy", "Copies snapshots from another repository into this one. What this one has is not read again.") { names, from, password, dryRun };
        var choice = new SnapshotChoice().AddTo(command);
        command.SetAction((parsed, cancel) => access.On(async (target, answer, token) =>
        {
            await using var storage = await access.OpenStorage(parsed.GetRequiredValue(from), parsed, token);
            using var source = await BackupRepository.Open(storage, await RepositoryAccess.ReadPassword(parsed.GetRequiredValue(password), token), token);
            var options = new CopyOptions { Names = parsed.GetValue(names) ?? [], Filter = choice.Filter(parsed), DryRun = parsed.GetValue(dryRun) };
            CopyReport report;
            await using (var line = StepLine.Show(answer))
            {
                report = await source.View.CopyTo(target, options, line, token);
            }

            foreach (var copied in answer.IsJson ? [] : report.Copied)
            {
                answer.Say($"{(options.DryRun ? "would copy" : $"{copied.Copy?.Prefix} from")} {SnapshotChoice.Line(copied.Source)}", new { });
            }

            answer.Say(
                $"{(options.DryRun ? "Would copy" : "Copied")} {report.Copied.Count} snapshots, {report.Blobs} new blocks, {Answer.Size(report.Bytes)}; {report.AlreadyThere.Count} were there already.",
                new
                {
                    options.DryRun, report.Blobs, report.Bytes, alreadyThere = report.AlreadyThere.Select(snapshot => snapshot.Id.ToString()),
                    copied = report.Copied.Select(copied => new { source = SnapshotChoice.Document(copied.Source), id = copied.Copy?.ToString() }),
                });
            return 0;
        })(parsed, cancel));
        return command;
    }
}
