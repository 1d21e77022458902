using System.IO.Pipelines;
using System.Text.Json;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Jobs;

namespace MedicineMan.Samples.SqliteFiles;

/// Backs up the SQLite databases below a folder, which is what BackupSource.Host names. An item is a database's path in that folder; its dump
/// is a copy that sqlite3 made while others may be writing, and a list of its tables with rows and checksums for the proof.
internal sealed class SqliteBackup : IBackupProvider
{
    public const string Scratch = "medicineman_";

    private const string File = "database";
    private const string Objects = "objects.json";

    public string DisplayName => "SQLite files";

    public Task<IReadOnlyList<BackupItem>> DiscoverAsync(BackupSource source, CancellationToken cancel) => new DatabaseFolder(source).ListAsync(cancel);

    public async Task<DumpReport> DumpAsync(BackupSource source, IReadOnlyList<string> items, IDumpWriter dump, CancellationToken cancel)
    {
        var folder = new DatabaseFolder(source);
        var version = await folder.VersionAsync(cancel);
        var dumped = new List<DumpedItem>();
        foreach (var item in items)
        {
            dump.Progress.Report(new JobProgress("dump", dumped.Count, items.Count, "databases", item));
            await using var copy = await folder.CopyAsync(item, cancel);
            await copy.ReadAsync(content => dump.WriteAsync([item, File], content, cancel), cancel);
            var objects = await copy.ObjectsAsync(cancel);
            var captured = JsonSerializer.SerializeToUtf8Bytes(objects, SqliteJson.Default.IReadOnlyListDumpedObject);
            await dump.WriteAsync([item, Objects], PipeReader.Create(new MemoryStream(captured)), cancel);
            dumped.Add(new DumpedItem(item, objects));
        }

        return new DumpReport(dumped, new Dictionary<string, string> { ["sqlite3"] = version });
    }

    public async Task<RestoreReport> RestoreAsync(BackupSource target, RestoreOptions options, IDumpReader dump, CancellationToken cancel)
    {
        if (options.Objects is not null)
        {
            throw new UserFacingException("A SQLite database is one file and is restored whole. Choose all tables.") { Permanent = true };
        }

        var folder = new DatabaseFolder(target);
        if (!options.Replace && await folder.ExistsAsync(options.Target, cancel))
        {
            throw new UserFacingException($"{folder.Path} already has {options.Target}. Choose another name, or confirm that it is replaced.") { Permanent = true };
        }

        var objects = await CapturedAsync(options.Item, dump, cancel);
        string[] steps = [$"Write {options.Item} beside its place and check it.", $"Name it {options.Target}."];
        if (!options.DryRun)
        {
            var work = options.WorkName ?? $"{Scratch}{Guid.NewGuid():n}";
            try
            {
                await folder.WriteAsync(work, await dump.OpenAsync([options.Item, File], cancel), cancel);
                await folder.CheckAsync(work, cancel);
                await folder.NameAsync(work, options.Target, options.Replace, cancel);
            }
            catch
            {
                await folder.RemoveAsync(work, CancellationToken.None);
                throw;
            }
        }

        return new RestoreReport(objects, steps, options.Replace ? [$"Restart what has {options.Target} open: it still reads the old file."] : []);
    }

    public async Task<ProofReport> CompareAsync(BackupSource target, string restored, string item, IDumpReader dump, CancellationToken cancel)
    {
        var expected = (await CapturedAsync(item, dump, cancel)).ToDictionary(one => one.Name);
        await using var copy = await new DatabaseFolder(target).CopyAsync(restored, cancel);
        var found = (await copy.ObjectsAsync(cancel)).ToDictionary(one => one.Name);
        var differences = expected.Keys.Union(found.Keys).Order(StringComparer.Ordinal)
            .Where(name => expected.GetValueOrDefault(name) != found.GetValueOrDefault(name))
            .Select(name => new ProofDifference(name, Sentence(expected.GetValueOrDefault(name)), Sentence(found.GetValueOrDefault(name))));
        return new ProofReport(
            new Dictionary<string, long> { ["tables"] = found.Values.Count(one => one.Rows is not null), ["rows"] = found.Values.Sum(one => one.Rows ?? 0) }, [.. differences]);
    }

    public async Task DropScratchAsync(BackupSource target, string name, CancellationToken cancel)
    {
        if (!name.StartsWith(Scratch, StringComparison.Ordinal))
        {
            throw new UserFacingException($"{name} was not made by a proof or a restore, so it is not removed.") { Permanent = true };
        }

        await new DatabaseFolder(target).RemoveAsync(name, cancel);
    }

    private static async Task<IReadOnlyList<DumpedObject>> CapturedAsync(string item, IDumpReader dump, CancellationToken cancel)
    {
        var captured = await dump.OpenAsync([item, Objects], cancel);
        await using var stream = captured.AsStream();
        return await JsonSerializer.DeserializeAsync(stream, SqliteJson.Default.IReadOnlyListDumpedObject, cancel)
            ?? throw new UserFacingException($"The dump of {item} has no list of its tables. Take a newer backup.");
    }

    private static string Sentence(DumpedObject? one) => one is null ? "not there" : $"{(one.Rows is { } rows ? $"{rows} rows, " : "")}checksum {one.Checksum}";
}
