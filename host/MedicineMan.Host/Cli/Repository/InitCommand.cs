using System.CommandLine;
using MedicineMan.Repository;

namespace MedicineMan.Host.Cli.Repository;

internal static class InitCommand
{
    public static Command Create(RepositoryAccess access)
    {
        var command = new Command("init", "Makes a new repository.");
        command.SetAction(access.OnStorage(async (storage, password, answer, cancel) =>
        {
            using var repository = await BackupRepository.Initialise(storage, password, cancel);
            answer.Say(
                $"Made repository {repository.Id[..8]} in {repository.Location}. Without its password nobody can read it: keep that somewhere else as well.",
                new { repository = repository.Id, location = repository.Location });
            return 0;
        }));
        return command;
    }
}
