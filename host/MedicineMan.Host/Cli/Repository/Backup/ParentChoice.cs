using System.CommandLine;
using MedicineMan.Host.Cli.Repository.Upkeep;
using MedicineMan.Repository;
using MedicineMan.Repository.Sources;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli.Repository.Backup;

/// <summary>The options that say which earlier snapshot a backup goes on from, and when a file counts as unchanged since.</summary>
internal sealed class ParentChoice
{
    private readonly Option<string?> parent = new("--parent") { Description = "Takes unchanged files from this snapshot; by default the newest of the same host with the same paths." };
    private readonly Option<bool> force = new("--force", "-f") { Description = "Reads every file again." };
    private readonly Option<string> groupBy = new("--group-by", "-g") { Description = "What the parent must have in common: any of host, paths and tags, separated by commas; or nothing.", DefaultValueFactory = _ => "host,paths" };
    private readonly Option<bool> ignoreChangeTime = new("--ignore-ctime") { Description = "A file whose size, modification time and inode are the same is unchanged, whatever its change time." };
    private readonly Option<bool> ignoreInode = new("--ignore-inode") { Description = "A file whose size and modification time are the same is unchanged, whatever its inode and change time." };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[parent, force, groupBy, ignoreChangeTime, ignoreInode])
        {
            command.Options.Add(option);
        }
    }

    public SourceOptions Apply(ParseResult parsed, SourceOptions options) =>
        options with { IgnoreChangeTime = parsed.GetValue(ignoreChangeTime), IgnoreInode = parsed.GetValue(ignoreInode) };

    public async Task<SnapshotOptions> Apply(ParseResult parsed, BackupRepository repository, SnapshotOptions options, CancellationToken cancel)
    {
        if (parsed.GetValue(force))
        {
            return options;
        }

        if (parsed.GetValue(parent) is not { } name || name is "latest")
        {
            var found = await repository.View.FindParent(options, ForgetCommand.Grouping(parsed.GetRequiredValue(groupBy)), cancel);
            return found is null && parsed.GetValue(parent) is not null
                ? throw new UserFacingException("No snapshot goes before this one, so --parent latest stands for none. Leave it out.")
                : options with { Parent = found?.Id };
        }

        return options with { Parent = (await repository.View.Named(name, cancel)).Id };
    }
}
