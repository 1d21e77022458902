using System.CommandLine;

namespace MedicineMan.Host.Cli.Repository.Upkeep;

internal static class UnlockCommand
{
    public static Command Create(RepositoryAccess access)
    {
        var all = new Option<bool>("--all") { Description = "Also locks that are in use or not readable. Only when nothing is running on the repository." };
        var command = new Command("unlock", "Removes locks that a crash has left behind.") { all };
        command.SetAction((parsed, cancel) => access.On(async (repository, answer, token) =>
        {
            var removed = await repository.Upkeep.Unlock(parsed.GetValue(all), token);
            answer.Say($"Removed {removed} lock{(removed == 1 ? "" : "s")}.", new { removed });
            return 0;
        })(parsed, cancel));
        return command;
    }
}
