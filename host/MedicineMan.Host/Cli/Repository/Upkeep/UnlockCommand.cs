using System.CommandLine;

namespace MedicineMan.Host.Cli.Repository.Upkeep;

internal static class UnlockCommand
{
    public static Command Create(RepositoryAccess access)
    {
        var all = new Option<bool>("--all") { Description = "Also locks that are in use or not readable. Only when nothing is running on the repository." };
        var dryRun = new Option<bool>("--dry-run", "-n") { Description = "Says how many would be removed, and removes nothing." };
        var command = new Command("unlock", "Removes locks that a crash has left behind.") { all, dryRun };
        command.SetAction((parsed, cancel) => access.On(async (repository, answer, token) =>
        {
            var dry = parsed.GetValue(dryRun);
            var removed = await repository.Upkeep.Unlock(parsed.GetValue(all), dry, token);
            answer.Say($"{(dry ? "Would remove" : "Removed")} {removed} lock{(removed == 1 ? "" : "s")}.", new { removed, dryRun = dry });
            return 0;
        })(parsed, cancel));
        return command;
    }
}
