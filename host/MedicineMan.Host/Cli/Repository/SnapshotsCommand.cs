using System.CommandLine;
using System.Globalization;

namespace MedicineMan.Host.Cli.Repository;

internal static class SnapshotsCommand
{
    public static Command Create(RepositoryAccess access)
    {
        var tag = new Option<string?>("--tag") { Description = "Only snapshots with this label." };
        var host = new Option<string?>("--host") { Description = "Only snapshots of this machine." };
        var command = new Command("snapshots", "Lists the snapshots, oldest first.") { tag, host };
        command.SetAction((parsed, cancel) => access.On(async (repository, answer, token) =>
        {
            var (onlyTag, onlyHost) = (parsed.GetValue(tag), parsed.GetValue(host));
            var isEmpty = true;
            await foreach (var snapshot in repository.Snapshots(token))
            {
                if ((onlyTag is null || snapshot.Tags.Contains(onlyTag)) && (onlyHost is null || snapshot.Host == onlyHost))
                {
                    isEmpty = false;
                    var time = snapshot.Time.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
                    answer.Say(
                        Answer.Printable($"{snapshot.Id.Prefix}  {time}  {snapshot.Host}  {string.Join(',', snapshot.Tags)}  {string.Join(' ', snapshot.Paths)}"),
                        new { id = snapshot.Id.ToString(), snapshot.Time, snapshot.Host, snapshot.Tags, snapshot.Paths, snapshot.TotalBytes });
                }
            }

            if (isEmpty && !answer.IsJson)
            {
                answer.Warn("No snapshots.");
            }

            return 0;
        })(parsed, cancel));
        return command;
    }
}
