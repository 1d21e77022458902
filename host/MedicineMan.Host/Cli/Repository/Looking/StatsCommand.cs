using System.CommandLine;
using MedicineMan.Repository.Looking;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli.Repository.Looking;

internal static class StatsCommand
{
    public static Command Create(RepositoryAccess access)
    {
        var names = new Argument<string[]>("snapshot") { Description = "Snapshots to count: ids, starts of ids or latest. Without any: all.", Arity = ArgumentArity.ZeroOrMore };
        var mode = new Option<string>("--mode") { Description = "restore-size, files-by-contents or raw-data.", DefaultValueFactory = _ => "restore-size" };
        var command = new Command("stats", "Adds up what snapshots take.") { names, mode };
        var choice = new SnapshotChoice().AddTo(command);
        command.SetAction((parsed, cancel) => access.On(async (repository, answer, token) =>
        {
            var wanted = parsed.GetRequiredValue(mode) switch
            {
                "restore-size" => SizeMode.RestoreSize,
                "files-by-contents" => SizeMode.FilesByContents,
                "raw-data" => SizeMode.RawData,
                var other => throw new UserFacingException($"Nothing is counted by {other}: write restore-size, files-by-contents or raw-data."),
            };
            var sizes = await repository.View.Sizes(wanted, parsed.GetValue(names) ?? [], choice.Filter(parsed), token);
            answer.Say(
                $"{sizes.Snapshots} snapshots, {Answer.Size(sizes.Bytes)}"
                + (wanted == SizeMode.RawData ? $" in {sizes.Blobs} blocks, {Answer.Size(sizes.PlainBytes)} before compression." : $" in {sizes.Files} files."),
                new { mode = parsed.GetRequiredValue(mode), sizes });
            return 0;
        })(parsed, cancel));
        return command;
    }
}
