using System.Globalization;
using System.IO.Pipelines;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Commands;

namespace MedicineMan.Samples.SqliteFiles;

/// The folder on the server. Scripts are fixed texts that get paths as arguments, so no name is ever read as shell.
internal sealed class DatabaseFolder(BackupSource source)
{
    // Databases are known by their first bytes, and names are parted by NUL since they may hold line ends.
    private const string ListScript = """
        cd -- "$1" || exit 3
        find . -type f -exec sh -c 'for f do if [ "$(head -c 15 -- "$f" 2>/dev/null | tr -d "\000")" = "SQLite format 3" ]; then printf "%d %s\000" "$(wc -c < "$f")" "$f"; fi; done' sh {} +
        """;

    private const string WriteScript = """umask 077; mkdir -p -- "$(dirname -- "$1")" && cat > "$1" && sync -- "$1" """;

    // A link fails when the name is taken; a move replaces in one step. The old journal would be played into the new file.
    private const string NameScript = """
        mkdir -p -- "$(dirname -- "$2")" || exit 1
        if [ "$3" = replace ]; then mv -f -- "$1" "$2" && rm -f -- "$2-wal" "$2-shm" "$2-journal"; else ln -- "$1" "$2" && rm -f -- "$1"; fi
        """;

    public string Path { get; } = source.Host is ['/', ..] path ? path.TrimEnd('/') : throw new UserFacingException(
        "The folder of the databases is missing. Write its absolute path, for instance /var/lib/app, where the host of the source goes.") { Permanent = true };

    public async Task<IReadOnlyList<BackupItem>> ListAsync(CancellationToken cancel)
    {
        var version = await VersionAsync(cancel);
        var listed = await RunAsync(Spec("sh", "-c", ListScript, "sh", Path), "", cancel);
        return [.. from line in listed.Split('\0', StringSplitOptions.RemoveEmptyEntries)
                   let space = line.IndexOf(' ', StringComparison.Ordinal)
                   select new BackupItem(line[(space + 3)..], long.Parse(line[..space], CultureInfo.InvariantCulture), version)];
    }

    public async Task<string> VersionAsync(CancellationToken cancel) => (await RunAsync(Spec("sqlite3", "-version"), "", cancel)).Split(' ')[0];

    public async Task<bool> ExistsAsync(string item, CancellationToken cancel) =>
        (await RunAsync(Spec("sh", "-c", """if [ -e "$1" ]; then echo yes; else echo no; fi""", "sh", At(item)), "", cancel)).Trim() == "yes";

    /// Has sqlite3 copy a database: it waits for writers and takes over what is still in the write-ahead log.
    public async Task<DatabaseCopy> CopyAsync(string item, CancellationToken cancel)
    {
        if (!await ExistsAsync(item, cancel))
        {
            throw new UserFacingException($"{Path} has no database {item}. Choose one that is there.") { Permanent = true };
        }

        var copy = new DatabaseCopy(this, (await RunAsync(Spec("sh", "-c", "mktemp -d"), "", cancel)).Trim());
        try
        {
            await RunAsync(Spec("sqlite3", "-bail", "-batch", "-readonly", At(item)), $".timeout 30000\n.backup {copy.File}\n", cancel);
            return copy;
        }
        catch
        {
            await copy.DisposeAsync();
            throw;
        }
    }

    public async Task WriteAsync(string item, PipeReader content, CancellationToken cancel)
    {
        await using var running = await source.Server.StartAsync(Spec("sh", "-c", WriteScript, "sh", At(item)) with { TimeLimit = Timeout.InfiniteTimeSpan }, cancel);
        await content.CopyToAsync(running.StandardInput, cancel);
        await content.CompleteAsync();
        await running.StandardInput.CompleteAsync();
        await running.StandardOutput.CompleteAsync();
        Ensure(await running.Completion, $"{At(item)} could not be written");
    }

    public async Task CheckAsync(string item, CancellationToken cancel)
    {
        var found = (await RunAsync(Spec("sqlite3", "-bail", "-batch", "-readonly", At(item)), "PRAGMA integrity_check;", cancel)).Trim();
        if (found != "ok")
        {
            throw new UserFacingException($"The restored database is damaged: {found} Restore an older backup.");
        }
    }

    public Task NameAsync(string work, string item, bool replace, CancellationToken cancel) =>
        RunAsync(Spec("sh", "-c", NameScript, "sh", At(work), At(item), replace ? "replace" : "new"), "", cancel);

    public Task RemoveAsync(string item, CancellationToken cancel) =>
        RunAsync(Spec("sh", "-c", """rm -f -- "$1" "$1-wal" "$1-shm" "$1-journal" """, "sh", At(item)), "", cancel);

    public CommandSpec Spec(string file, params string[] arguments) => new(file, arguments) { RunAs = source.RunAs };

    public ValueTask<ICommand> StartAsync(CommandSpec command, CancellationToken cancel) => source.Server.StartAsync(command, cancel);

    public async Task<string> RunAsync(CommandSpec command, string input, CancellationToken cancel)
    {
        var ran = await source.Server.RunTextAsync(command, input, 4 * 1024 * 1024, cancel);
        Ensure(ran.Exit, ran.Exit.Code == 127 ? $"{command.File} is not installed on the server; install it" : $"{command.File} failed");
        return ran.Output;
    }

    public static void Ensure(CommandExit exit, string what)
    {
        if (!exit.Ok)
        {
            throw new UserFacingException($"{what}: {(exit.ErrorText.Length > 0 ? exit.ErrorText.Trim() : $"exit code {exit.Code}")}");
        }
    }

    // An item must stay inside the folder.
    private string At(string item) => item.Length > 0 && !item.Contains('\0', StringComparison.Ordinal) && !item.Split('/').Any(part => part is "" or "." or "..")
        ? $"{Path}/{item}"
        : throw new UserFacingException($"{item} is no path below {Path}.") { Permanent = true };
}
