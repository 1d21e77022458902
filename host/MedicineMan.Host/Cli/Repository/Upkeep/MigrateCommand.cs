using System.CommandLine;

namespace MedicineMan.Host.Cli.Repository.Upkeep;

internal static class MigrateCommand
{
    public static Command Create(RepositoryAccess access)
    {
        var dryRun = new Option<bool>("--dry-run", "-n") { Description = "Says what would be done, and does nothing." };
        var command = new Command("migrate", "Lifts a repository of format version 1 to version 2, which compresses. Programs older than restic 0.14 can't read it then.") { dryRun };
        command.SetAction((parsed, cancel) => access.On(async (repository, answer, token) =>
        {
            var upgraded = parsed.GetValue(dryRun) ? repository.Version < 2 : await repository.Upkeep.Upgrade(access.LockPatience(parsed), token);
            answer.Say(
                !upgraded ? $"{repository.Location} has version {repository.Version} already."
                : parsed.GetValue(dryRun) ? $"{repository.Location} has version {repository.Version} and would be lifted to version 2."
                : $"{repository.Location} has version 2 now. New backups are compressed; prune --repack-uncompressed compresses the old ones.",
                new { dryRun = parsed.GetValue(dryRun), upgraded, from = repository.Version });
            return 0;
        })(parsed, cancel));
        return command;
    }
}
