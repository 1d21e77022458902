using System.CommandLine;
using System.Globalization;

namespace MedicineMan.Host.Cli.Repository;

internal static class KeyCommand
{
    public static Command Create(RepositoryAccess access) =>
        new("key", "Manages the passwords of the repository.") { List(access), Add(access), Remove(access), Passwd(access) };

    private static Command List(RepositoryAccess access)
    {
        var command = new Command("list", "Lists the keys; * marks the one in use.");
        command.SetAction(access.On(async (repository, answer, cancel) =>
        {
            foreach (var key in await repository.Keys.List(cancel))
            {
                var created = key.Created.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
                answer.Say(
                    Answer.Printable($"{(key.InUse ? '*' : ' ')}{key.Id.Prefix}  {key.UserName}  {key.HostName}  {(key.Readable ? created : "damaged")}"),
                    new { id = key.Id.ToString(), key.UserName, key.HostName, key.Created, key.InUse, key.Readable });
            }

            return 0;
        }));
        return command;
    }

    private static Command Add(RepositoryAccess access)
    {
        var file = new Option<string>("--new-password-file") { Description = "File that holds the new password; - reads it from standard input.", Required = true };
        var command = new Command("add", "Adds a password.") { file };
        command.SetAction((parsed, cancel) => access.On(async (repository, answer, token) =>
        {
            var added = await repository.Keys.Add(await RepositoryAccess.ReadPassword(parsed.GetRequiredValue(file), token), token);
            answer.Say($"Added key {added.Prefix}.", new { id = added.ToString() });
            return 0;
        })(parsed, cancel));
        return command;
    }

    private static Command Remove(RepositoryAccess access)
    {
        var id = new Argument<string>("id") { Description = "Id of the key, or the start of one." };
        var dryRun = new Option<bool>("--dry-run", "-n") { Description = "Says which key would be removed, and removes nothing." };
        var command = new Command("remove", "Removes a password.") { id, dryRun };
        command.SetAction((parsed, cancel) => access.On(async (repository, answer, token) =>
        {
            var dry = parsed.GetValue(dryRun);
            var removed = await repository.Keys.Remove(parsed.GetRequiredValue(id), dry, token);
            answer.Say(dry ? $"Would remove the key {removed.Prefix}." : $"Removed the key {removed.Prefix}. Its password opens nothing any more.", new { removed = removed.ToString(), dryRun = dry });
            return 0;
        })(parsed, cancel));
        return command;
    }

    private static Command Passwd(RepositoryAccess access)
    {
        var file = new Option<string>("--new-password-file") { Description = "File that holds the new password; - reads it from standard input.", Required = true };
        var command = new Command("passwd", "Puts a new password in the place of the one given.") { file };
        command.SetAction((parsed, cancel) => access.On(async (repository, answer, token) =>
        {
            var added = await repository.Keys.Change(await RepositoryAccess.ReadPassword(parsed.GetRequiredValue(file), token), token);
            answer.Say($"Changed the password; its key is {added.Prefix}. The old password opens nothing any more.", new { id = added.ToString() });
            return 0;
        })(parsed, cancel));
        return command;
    }
}
