using System.IO.Pipelines;
using System.Security.Cryptography;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Commands;

namespace Acme.Sample;

/// <summary>Backs up the files of one folder, which BackupSource.Host names. An item is a file; its checksum is the proof.</summary>
public sealed class FileBackup : IBackupProvider
{
    private const string ListScript = """cd -- "$1" && for f in *; do if [ -f "$f" ]; then printf '%s\000' "$f"; fi; done""";

    // Written aside and then named in one step; 17 says that the name is taken.
    private const string WriteScript = """
        if [ "$2" = new ] && [ -e "$1" ]; then exit 17; fi
        umask 077; cat > "$1.medicineman" && mv -f -- "$1.medicineman" "$1"
        """;

    public string DisplayName => "PLUGIN_TITLE";

    public async Task<IReadOnlyList<BackupItem>> DiscoverAsync(BackupSource source, CancellationToken cancel)
    {
        var listed = await source.Server.RunTextAsync(Sh(source, ListScript, Folder(source)), "", 4 * 1024 * 1024, cancel);
        Ensure(listed.Exit, $"{Folder(source)} could not be listed");
        return [.. listed.Output.Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(name => new BackupItem(name, null, null))];
    }

    public async Task<DumpReport> DumpAsync(BackupSource source, IReadOnlyList<string> items, IDumpWriter dump, CancellationToken cancel)
    {
        var dumped = new List<DumpedItem>();
        foreach (var item in items)
        {
            var pipe = new Pipe();
            var writing = dump.WriteAsync([item], pipe.Reader, cancel);
            var read = await ReadAsync(source, item, pipe.Writer, cancel);
            await writing;
            dumped.Add(new DumpedItem(item, [read]));
        }

        return new DumpReport(dumped, new Dictionary<string, string>());
    }

    public async Task<RestoreReport> RestoreAsync(BackupSource target, RestoreOptions options, IDumpReader dump, CancellationToken cancel)
    {
        string[] steps = [$"Write {options.Target}."];
        if (!options.DryRun)
        {
            await using var running = await target.Server.StartAsync(Sh(target, WriteScript, At(target, options.Target), options.Replace ? "replace" : "new"), cancel);
            var content = await dump.OpenAsync([options.Item], cancel);
            await content.CopyToAsync(running.StandardInput, cancel);
            await content.CompleteAsync();
            await running.StandardInput.CompleteAsync();
            await running.StandardOutput.CompleteAsync();
            Ensure(await running.Completion, $"{options.Target} could not be written");
        }

        return new RestoreReport([], steps, []);
    }

    public async Task<ProofReport> CompareAsync(BackupSource target, string restored, string item, IDumpReader dump, CancellationToken cancel)
    {
        var found = await ReadAsync(target, restored, PipeWriter.Create(Stream.Null), cancel);
        await using var original = (await dump.OpenAsync([item], cancel)).AsStream();
        var expected = Convert.ToHexStringLower(await SHA256.HashDataAsync(original, cancel));
        return new ProofReport(new Dictionary<string, long> { ["files"] = 1 }, expected == found.Checksum ? [] : [new ProofDifference(item, expected, found.Checksum!)]);
    }

    public async Task DropScratchAsync(BackupSource target, string name, CancellationToken cancel)
    {
        if (!name.StartsWith("medicineman_", StringComparison.Ordinal))
        {
            throw new UserFacingException($"{name} was not made by a proof, so it is not removed.") { Permanent = true };
        }

        var removed = await target.Server.RunTextAsync(Sh(target, """rm -f -- "$1" """, At(target, name)), "", 1024, cancel);
        Ensure(removed.Exit, $"{name} could not be removed");
    }

    private static async Task<DumpedObject> ReadAsync(BackupSource source, string item, PipeWriter to, CancellationToken cancel)
    {
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using var running = await source.Server.StartAsync(Sh(source, """cat "$1" """, At(source, item)) with { TimeLimit = Timeout.InfiniteTimeSpan }, cancel);
            var bytes = 0L;
            await using var output = running.StandardOutput.AsStream();
            var buffer = new byte[81_920];
            for (int read; (read = await output.ReadAsync(buffer, cancel)) > 0; bytes += read)
            {
                hash.AppendData(buffer, 0, read);
                await to.WriteAsync(buffer.AsMemory(0, read), cancel);
            }

            // The exit code comes last: a file that could not be read to its end must not pass for a whole one.
            Ensure(await running.Completion, $"{item} could not be read");
            await to.CompleteAsync();
            return new DumpedObject(item, null, bytes, Convert.ToHexStringLower(hash.GetHashAndReset()));
        }
        catch (Exception failure)
        {
            await to.CompleteAsync(failure);
            throw;
        }
    }

    private static CommandSpec Sh(BackupSource source, string script, params string[] arguments) => new("sh", ["-c", script, "sh", .. arguments]) { RunAs = source.RunAs };

    private static string Folder(BackupSource source) => source.Host is ['/', ..] path ? path : throw new UserFacingException("The folder is missing. Write its absolute path where the host of the source goes.") { Permanent = true };

    private static string At(BackupSource source, string item) => item.Length > 0 && item is not ("." or "..") && item.AsSpan().IndexOfAny('/', '\0') < 0
        ? $"{Folder(source)}/{item}"
        : throw new UserFacingException($"{item} is no file name.") { Permanent = true };

    private static void Ensure(CommandExit exit, string what)
    {
        if (!exit.Ok)
        {
            throw new UserFacingException($"{what}: {(exit.Code == 17 ? "the name is taken; choose another or confirm that it is replaced" : exit.ErrorText)}");
        }
    }
}
