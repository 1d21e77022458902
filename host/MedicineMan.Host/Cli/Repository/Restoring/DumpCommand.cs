using System.CommandLine;

namespace MedicineMan.Host.Cli.Repository.Restoring;

internal static class DumpCommand
{
    public static Command Create(RepositoryAccess access)
    {
        var snapshot = new Argument<string>("snapshot") { Description = "Id, the start of one, or latest." };
        var path = new Argument<string>("path") { Description = "File in the snapshot." };
        var command = new Command("dump", "Writes one file to standard output.") { snapshot, path };
        command.SetAction((parsed, cancel) => access.On(async (repository, _, token) =>
        {
            await using var tree = await repository.OpenSnapshot(parsed.GetRequiredValue(snapshot), token);
            await using var output = Console.OpenStandardOutput();
            await tree.Dump(LsCommand.Segments(parsed.GetRequiredValue(path)), output, token);
            return 0;
        })(parsed, cancel));
        return command;
    }
}
