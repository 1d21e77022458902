using System.CommandLine;
using System.Text.Json;
using MedicineMan.Host.Cli.Repository.Looking;
using MedicineMan.Host.Cli.Repository.Restoring;
using MedicineMan.Host.Cli.Repository.Upkeep;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Host.Cli.Repository;

/// <summary>
/// <c>medicineman repository …</c>: the backup engine by hand, on any repository of restic's format, without a server or a database. Exit codes: 0 done,
/// 1 failed, 3 incomplete.
/// </summary>
internal static class RepositoryCommands
{
    /// <summary>Makes the command.</summary>
    /// <param name="openStorage">Opens a storage from a provider's kind and its settings.</param>
    public static Command Create(Func<string, JsonElement, CancellationToken, ValueTask<IStorageBackend>> openStorage)
    {
        var access = new RepositoryAccess(openStorage);
        var command = new Command("repository", "Works on a backup repository directly.")
        {
            InitCommand.Create(access),
            BackupCommand.Create(access),
            SnapshotsCommand.Create(access),
            LsCommand.Create(access),
            RestoreCommand.Create(access),
            DumpCommand.Create(access),
            CheckCommand.Create(access),
            KeyCommand.Create(access),
            ForgetCommand.Create(access),
            PruneCommand.Create(access),
            RepairCommand.Create(access),
            UnlockCommand.Create(access),
            MigrateCommand.Create(access),
            CopyCommand.Create(access),
            DiffCommand.Create(access),
            FindCommand.Create(access),
            StatsCommand.Create(access),
            CacheCommand.Create(access),
        };
        command.Options.Add(access.Repo);
        command.Options.Add(access.PasswordFile);
        command.Options.Add(access.Json);
        command.Options.Add(access.RetryLock);
        command.Options.Add(access.CacheFolder);
        return command;
    }
}
