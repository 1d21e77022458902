using System.CommandLine;

namespace MedicineMan.Host.Cli.Repository.Looking;

internal static class DiffCommand
{
    public static Command Create(RepositoryAccess access)
    {
        var from = new Argument<string>("from") { Description = "Id of a snapshot, the start of one, or latest." };
        var to = new Argument<string>("to") { Description = "The snapshot to compare it with." };
        var metadata = new Option<bool>("--metadata") { Description = "Also what has other owners, modes or times only." };
        var command = new Command("diff", "Shows what changed from one snapshot to another: + added, - removed, M content, T type, U metadata.") { from, to, metadata };
        command.SetAction((parsed, cancel) => access.On(async (repository, answer, token) =>
        {
            var totals = await repository.View.Diff(
                parsed.GetRequiredValue(from), parsed.GetRequiredValue(to), parsed.GetValue(metadata),
                change => answer.Say($"{change.Modifier}  {Answer.Printable(change.Path)}", new { change.Path, modifier = change.Modifier.ToString() }), token);
            answer.Say(
                $"Files: {totals.AddedFiles} added, {totals.RemovedFiles} removed, {totals.ChangedFiles} changed. Folders: {totals.AddedFolders} added, {totals.RemovedFolders} removed. "
                + $"Data: {Answer.Size(totals.AddedBytes)} added, {Answer.Size(totals.RemovedBytes)} removed.",
                new { totals });
            return 0;
        })(parsed, cancel));
        return command;
    }
}
