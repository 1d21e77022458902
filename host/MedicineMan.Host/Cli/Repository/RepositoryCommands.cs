using System.CommandLine;
using System.Text.Json;
using MedicineMan.Host.Cli.Repository.Backup;
using MedicineMan.Host.Cli.Repository.Looking;
using MedicineMan.Host.Cli.Repository.Restoring;
using MedicineMan.Host.Cli.Repository.Sftp;
using MedicineMan.Host.Cli.Repository.Upkeep;
using MedicineMan.Host.Plugins.Capabilities;
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
    /// <param name="secrets">Takes what a storage signs in with; its handles go into the settings.</param>
    /// <param name="home">Where .ssh is. Default: the user's own.</param>
    public static Command Create(Func<string, JsonElement, CancellationToken, ValueTask<IStorageBackend>> openStorage, CommandSecrets? secrets = null, string? home = null)
    {
        var access = new RepositoryAccess(openStorage, new SftpOptions(secrets ?? new CommandSecrets(), home ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile)));
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
        access.Sftp.AddTo(command);
        return command;
    }
}
