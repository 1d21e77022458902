using System.Globalization;
using System.IO.Pipelines;
using System.Security.Cryptography;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Commands;
using MedicineMan.Sdk.Servers;

namespace MedicineMan.Host.Plugins.Capabilities.Servers;

/// Files of a server in a plugin's hands, by programs that every Linux has. A scope of "files:read" or "files:write" names the folders, or files, that
/// the plugin keeps to; links inside them are followed.
internal sealed class LentFiles(ICommandRunner runner, Grant grant) : IServerFiles
{
    private const int LargestList = 4 * 1024 * 1024;
    private static readonly TimeSpan LastWord = TimeSpan.FromSeconds(3);

    public async ValueTask<PipeReader> ReadAsync(string path, CancellationToken cancel)
    {
        await Need("files:read", path, "read");
        return await CommandReader.Open(await Start(new CommandSpec("cat", "--", path) { TimeLimit = Timeout.InfiniteTimeSpan }, cancel), $"{path} can't be read");
    }

    public async Task WriteAsync(string path, PipeReader content, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(content);
        await Need("files:write", path, "write");
        var (folder, name) = (path[..(path.LastIndexOf('/') + 1)], path[(path.LastIndexOf('/') + 1)..]);
        if (name.Length == 0 || (await Run(new CommandSpec("test", "-d", path), cancel)).Exit.Ok)
        {
            throw new UserFacingException($"{path} can't be written: it is a folder.") { Permanent = true };
        }

        // mktemp makes it with the mode 0600, and beside its place, so that the move is a mere renaming.
        var made = await Run(new CommandSpec("mktemp", $"{folder}.medicineman.XXXXXXXXXX"), cancel);
        var draft = made.Exit.Ok ? made.Output.TrimEnd('\n') : throw Failed($"{path} can't be written", made.Exit);
        try
        {
            await Fill(draft, path, content, cancel);
            var moved = await Run(new CommandSpec("mv", "-f", "--", draft, path), cancel);
            EnsureOk(moved.Exit, path);
        }
        catch
        {
            // By no token: what was begun is cleared away, also for a caller that gave up.
            await Run(new CommandSpec("rm", "-f", "--", draft), CancellationToken.None);
            throw;
        }
    }

    public async Task<IReadOnlyList<ServerFile>> ListAsync(string path, CancellationToken cancel)
    {
        await Need("files:read", path, "list");
        // A mark that no name can hold parts the entries: a name may contain a line feed.
        var mark = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12));
        var found = await Run(new CommandSpec("find", $"{path.TrimEnd('/')}/.", "-mindepth", "1", "-maxdepth", "1", "-exec", "stat", "-c", $"{mark}/%f/%s/%Y/%n", "{}", "+"), cancel);
        return found.Exit.Ok
            ? [.. found.Output.Split($"{mark}/", StringSplitOptions.RemoveEmptyEntries).Select(Entry).OrderBy(file => file.Name, StringComparer.Ordinal)]
            : throw Failed($"{path} can't be listed", found.Exit);
    }

    private static ServerFile Entry(string entry)
    {
        var fields = entry.Split('/', 4);
        var isFolder = (int.Parse(fields[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 0xF000) == 0x4000;
        var name = fields[3][..^1];
        return new ServerFile(name[(name.LastIndexOf('/') + 1)..], isFolder, isFolder ? 0 : long.Parse(fields[1], CultureInfo.InvariantCulture),
            DateTimeOffset.FromUnixTimeSeconds(long.Parse(fields[2], CultureInfo.InvariantCulture)));
    }

    private async Task Fill(string draft, string path, PipeReader content, CancellationToken cancel)
    {
        await using var command = await Start(new CommandSpec("dd", $"of={draft}", "bs=65536") { TimeLimit = Timeout.InfiniteTimeSpan }, cancel);
        try
        {
            await content.CopyToAsync(command.StandardInput, cancel);
            await command.StandardInput.CompleteAsync();
        }
        catch (Exception broken) when (broken is IOException or CommandException && !cancel.IsCancellationRequested)
        {
            // When dd ended before its input did, it says itself why: no room, for instance.
            await command.StandardOutput.CompleteAsync();
            if (await Task.WhenAny(command.Completion, Task.Delay(LastWord, CancellationToken.None)) == command.Completion)
            {
                EnsureOk(await command.Completion, path);
            }

            throw;
        }

        await command.StandardOutput.CompleteAsync();
        EnsureOk(await command.Completion, path);
    }

    private static void EnsureOk(CommandExit exit, string path)
    {
        if (!exit.Ok)
        {
            throw Failed($"{path} can't be written", exit);
        }
    }

    private async ValueTask Need(string capability, string path, string doing)
    {
        var scope = await grant.Need(capability, $"{doing} files");
        if (!path.StartsWith('/') || path.Split('/').Contains("..") || path.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("A path is absolute and goes nowhere up.", nameof(path));
        }

        if (scope.Count > 0 && !scope.Any(place => path == place || path.StartsWith(place.TrimEnd('/') + "/", StringComparison.Ordinal)))
        {
            throw await grant.Refuse(capability, $"{grant.Name} may {doing} {string.Join(", ", scope.Order(StringComparer.Ordinal))}, and {path} is not in there.");
        }
    }

    private async Task<CommandText> Run(CommandSpec command, CancellationToken cancel) => await runner.RunTextAsync(Plain(command), "", LargestList, cancel);

    private ValueTask<ICommand> Start(CommandSpec command, CancellationToken cancel) => LentCommand.Start(runner, Plain(command), grant, cancel);

    private static CommandSpec Plain(CommandSpec command) => command with { Environment = new Dictionary<string, string> { ["LC_ALL"] = "C" } };

    private static UserFacingException Failed(string what, CommandExit exit) => CommandReader.Failed(what, exit);
}
