using System.CommandLine;
using System.Globalization;

namespace MedicineMan.Host.Cli.Repository;

internal static class LsCommand
{
    public static Command Create(RepositoryAccess access)
    {
        var snapshot = new Argument<string>("snapshot") { Description = "Id, the start of one, or latest." };
        var path = new Argument<string>("path") { Description = "Folder in the snapshot.", DefaultValueFactory = _ => "/" };
        var command = new Command("ls", "Lists a folder of a snapshot.") { snapshot, path };
        command.SetAction((parsed, cancel) => access.On(async (repository, answer, token) =>
        {
            await using var tree = await repository.OpenSnapshot(parsed.GetRequiredValue(snapshot), token);
            foreach (var node in await tree.List(Segments(parsed.GetRequiredValue(path)), token))
            {
                var time = node.Modified.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
                var name = Answer.Printable(node.Name + (node.IsDirectory ? "/" : node.LinkTarget is { } target ? $" -> {target}" : ""));
                answer.Say($"{node.Size,14}  {time}  {node.User}:{node.Group}  {name}", node);
            }

            return 0;
        })(parsed, cancel));
        return command;
    }

    internal static string[] Segments(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);
}
