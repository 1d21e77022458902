using System.CommandLine;
using MedicineMan.Host.Cli.Queue;
using MedicineMan.Host.Cli.Repository;
using MedicineMan.Host.Cli.Wire;
using MedicineMan.Host.Data;
using MedicineMan.Host.Setup;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli;

/// The root command. Without a subcommand it runs the web server; every subcommand stands in one list.
/// Failures a person can act on are one sentence on standard error and exit code 1.
internal static class CommandLine
{
    public static Option<string?> Data { get; } = new("--data") { Description = "Folder for the database, keys and logs. Default: MEDICINEMAN_DATA, else the system's place for data.", Recursive = true };

    public static Option<string?> Database { get; } = new("--database") { Description = "postgres://user:password@host/name, or Data Source=file. Better given as MEDICINEMAN_DATABASE: others can read a command line. Default: medicineman.db in the data folder.", Recursive = true };

    private static Option<string?> Urls { get; } = new("--urls") { Description = "Where to listen, separated by semicolons. Default: http://127.0.0.1:5080." };

    private static Option<string?> WorkerUrls { get; } = new("--urls") { Description = "Where to listen, for whoever looks after it. Default: http://127.0.0.1:5081." };

    private static Option<bool> SafeMode { get; } = new("--safe-mode") { Description = "Load no plugin, to get at a host that a plugin keeps from starting." };

    private static Option<bool> NoWorker { get; } = new("--no-worker") { Description = "Only serve; jobs are run by \"medicineman worker\" processes on the same PostgreSQL database." };

    private static IReadOnlyList<Command> Subcommands =>
    [
        ServerCommands.Create(), PlanCommands.Create(), BackupCommands.Create(), RestoreCommands.Create(), JobCommands.Create(), ScheduleCommands.Create(), TokenCommands.Create(), Plugins.AuthorCommands.Under(PluginCommands.Create()),
        RepositoryCommands.Create(PluginStorages.Open, PluginStorages.Secrets), WorkerCommand.Create(WorkerUrls, Settings), InstanceCommands.Doctor(), InstanceCommands.Config(), InstanceCommands.Version(),
    ];

    public static async Task<int> Run(string[] args)
    {
        var root = new RootCommand("Medicine Man looks after servers: scans them, backs them up, really restores, and proves it.") { Data, Database, Urls, SafeMode, NoWorker };
        foreach (var command in Subcommands)
        {
            root.Subcommands.Add(command);
        }

        root.SetAction((parsed, cancel) =>
        {
            var settings = Settings(parsed);
            if (settings.NoWorker && (settings.Database is null || ConnectionStrings.IsSqlite(settings.Database)))
            {
                throw new UserFacingException("Without a worker of its own this host needs others on its database, and SQLite belongs to one process. Move to PostgreSQL with --database postgres://user:password@host/name, or leave --no-worker out.");
            }

            return Serve.Run(settings with { SafeMode = parsed.GetValue(SafeMode) }, cancel);
        });
        try
        {
            var running = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(30) };
            // A name may start with @, and is no list of arguments.
            var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
            return parsed.CommandResult.Tokens.FirstOrDefault(name => IsMistyped(name.Value, args)) is { } mistyped
                ? throw new UserFacingException($"There is no option {mistyped.Value} here; --help lists those there are. A name that starts with a dash stands behind --.")
                : await parsed.InvokeAsync(running);
        }
        catch (UserFacingException failure)
        {
            await Console.Error.WriteLineAsync(failure.Message);
            return 1;
        }
    }

    // The parser takes what looks like an option and is none for a name: a mistyped --exclude would be one more folder to back up.
    private static bool IsMistyped(string name, string[] args) => name.Length > 1 && name[0] == '-' && args.TakeWhile(one => one != "--").Contains(name);

    /// Command line before environment before defaults.
    public static HostSettings Settings(ParseResult parsed) =>
        HostSettings.Read(parsed.GetValue(Data), parsed.GetValue(Database), parsed.GetResult(Urls) is null ? null : parsed.GetValue(Urls), parsed.GetResult(NoWorker) is not null && parsed.GetValue(NoWorker));
}
