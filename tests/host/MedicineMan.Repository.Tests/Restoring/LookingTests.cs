using System.Text.Json;
using MedicineMan.Repository.Looking;
using MedicineMan.Repository.Pruning;
using MedicineMan.Repository.Retention;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Storage;
using MedicineMan.Sdk.Testing.Storage;

namespace MedicineMan.Repository.Tests.Restoring;

/// <summary>What looks across snapshots says what restic says.</summary>
public sealed class LookingTests
{
    [SkippableFact]
    public async Task Diff_find_and_stats_say_what_restic_says()
    {
        Restic.SkipUnlessInstalled();
        await using var scratch = new ScratchFolder();
        await using var ours = await TestRepository.Create();
        foreach (var name in new[] { "etc/app.conf", "etc/app.d/one.conf", "etc/app.d/two.conf", "var/log/app.log", "var/log/old/app.log", "same", "twin" })
        {
            scratch.Write($"source/{name}", name.Contains('t') ? "the same text" : new string('x', 10_000) + name);
        }

        await Shell.Run("ln \"$1/source/same\" \"$1/source/hard\"", scratch.Path);
        var first = await ours.BackUpFolder(scratch["source"]);
        File.Delete(scratch["source/etc/app.d/one.conf"]);
        Directory.Delete(scratch["source/var/log/old"], recursive: true);
        scratch.Write("source/new/deep/file", "new");
        scratch.Write("source/etc/app.conf", "changed");
        File.Delete(scratch["source/same"]);
        Directory.CreateDirectory(scratch["source/same"]);
        File.SetUnixFileMode(scratch["source/twin"], UnixFileMode.UserRead);
        var second = await ours.BackUpFolder(scratch["source"], first.Id);

        var changes = new List<string>();
        await ours.Repository.View.Diff(first.Id.Prefix, second.Id.ToString(), metadata: false, change => changes.Add($"{change.Modifier} {change.Path}"), default);
        var (_, output, _) = await ours.Restic.Try(null, "diff", "--json", first.Id.ToString(), second.Id.ToString());
        var expected = Documents(output).Where(line => line.GetProperty("message_type").GetString() == "change").Select(line => $"{line.GetProperty("modifier").GetString()} {line.GetProperty("path").GetString()}");
        Assert.Equal(expected.Order(), changes.Order());
        Assert.True(changes.Count > 5);

        foreach (var pattern in new[] { "*.conf", "app.d", "log/*.log", "/" + string.Join('/', scratch.Path.Split('/', StringSplitOptions.RemoveEmptyEntries)[..1]) + "/**/*.log", "APP.*", "tw[a-i]n", "[^a-z]*", "nothing", "**/old", "var/**/app.log" })
        {
            var found = await ours.Repository.View.Find(new FindOptions { Patterns = [pattern] }, new SnapshotFilter(), default).Select(hit => $"{hit.Snapshot.Id} {hit.Path}").ToListAsync();
            var matches = JsonDocument.Parse(await ours.Restic.Run("find", "--json", pattern)).RootElement.EnumerateArray()
                .SelectMany(snapshot => snapshot.GetProperty("matches").EnumerateArray().Select(match => $"{snapshot.GetProperty("snapshot").GetString()} {match.GetProperty("path").GetString()}"));
            Assert.True(matches.Order().SequenceEqual(found.Order()), $"{pattern}: {string.Join('\n', matches.Order())}\n---\n{string.Join('\n', found.Order())}");
        }

        Assert.NotEmpty(await ours.Repository.View.Find(new FindOptions { Patterns = ["APP.conf"], IgnoreCase = true }, new SnapshotFilter(), default).ToListAsync());
        foreach (var (mode, name) in new[] { (SizeMode.RestoreSize, "restore-size"), (SizeMode.FilesByContents, "files-by-contents"), (SizeMode.RawData, "raw-data") })
        {
            var sizes = await ours.Repository.View.Sizes(mode, [], new SnapshotFilter(), default);
            var said = JsonDocument.Parse(await ours.Restic.Run("stats", "--json", "--mode", name)).RootElement;
            Assert.Equal(said.GetProperty("total_size").GetInt64(), sizes.Bytes);
            // By contents, restic counts all folders together as one empty file.
            Assert.Equal(mode == SizeMode.FilesByContents ? said.GetProperty("total_file_count").GetInt64() - 1 : mode == SizeMode.RawData ? said.GetProperty("total_blob_count").GetInt64() : said.GetProperty("total_file_count").GetInt64(), mode == SizeMode.RawData ? sizes.Blobs : sizes.Files);
        }
    }

    [SkippableFact]
    public async Task A_repository_of_version_1_is_upgraded_and_compressed_and_restic_goes_on_with_it()
    {
        Restic.SkipUnlessInstalled();
        await using var scratch = new ScratchFolder();
        var restic = new Restic(scratch["repository"], TestRepository.Password, scratch["home"]);
        await restic.Run("init", "--repository-version", "1");
        var text = scratch.Write("source/text", string.Concat(Enumerable.Range(0, 400_000).Select(i => $"row {i % 1000}\n")));
        await restic.Run("backup", text);
        await using var storage = await TestRepository.OpenStorage(scratch["repository"]);
        using (var old = await TestRepository.Open(storage))
        {
            Assert.Contains("migrate", (await Assert.ThrowsAsync<UserFacingException>(() => old.BeginSnapshot(TestRepository.Options(), default))).Message, StringComparison.Ordinal);
            Assert.True(await old.Upkeep.Upgrade(TimeSpan.Zero, default));
        }

        using var repository = await TestRepository.Open(storage);
        Assert.Equal(2, repository.Version);
        Assert.False(await repository.Upkeep.Upgrade(TimeSpan.Zero, default));
        await restic.Run("check", "--read-data");
        var report = await repository.Upkeep.Prune(new PruneOptions { RepackUncompressed = true }, null, default);
        Assert.True(report.PacksRepacked > 0);
        var size = Directory.GetFiles(scratch["repository/data"], "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);
        Assert.InRange(size, 1, 1_000_000);
        await restic.Run("check", "--read-data");
        await restic.Run("backup", text);
        Assert.Equal(2, await repository.Snapshots(default).CountAsync());
    }

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task An_upgrade_broken_off_anywhere_is_finished_by_whoever_opens_the_repository(int deletesThatSucceed)
    {
        Restic.SkipUnlessInstalled();
        await using var scratch = new ScratchFolder();
        var restic = new Restic(scratch["repository"], TestRepository.Password, scratch["home"]);
        await restic.Run("init", "--repository-version", "1");
        await restic.Run("backup", scratch.Write("source/text", "text"));
        await using var inner = await TestRepository.OpenStorage(scratch["repository"]);
        var storage = new FailingStorage(inner);
        var deletes = 0;
        using (var old = await TestRepository.Open(storage))
        {
            storage.OnDelete = key => Break(key.StartsWith("config", StringComparison.Ordinal) && ++deletes > deletesThatSucceed);
            storage.OnPut = (key, _) => Break(key == "config");
            await Assert.ThrowsAsync<StorageException>(() => old.Upkeep.Upgrade(TimeSpan.Zero, default));
        }

        using var repository = await TestRepository.Open(inner);
        Assert.Equal(deletesThatSucceed == 2 ? 2 : 1, repository.Version);
        await restic.Run("check", "--read-data");

        static void Break(bool now)
        {
            if (now)
            {
                throw new StorageException("The cable is out.");
            }
        }
    }

    [Fact]
    public async Task A_changed_password_opens_and_the_old_one_does_not()
    {
        await using var ours = await TestRepository.Create();
        var snapshot = await ours.BackUp(("rows", Some.Rows(10)));
        var added = await ours.Repository.Keys.Change("a better one", default);
        Assert.Equal(added, ours.Repository.Keys.OpenedWith);
        await Assert.ThrowsAsync<UserFacingException>(() => TestRepository.Open(ours.Storage));
        using var opened = await TestRepository.Open(ours.Storage, "a better one");
        Assert.Equal(snapshot.Id, (await opened.Snapshots(default).SingleAsync()).Id);
        Assert.True(Assert.Single(await opened.Keys.List(default)).Readable);
    }

    private static IEnumerable<JsonElement> Documents(byte[] lines) =>
        System.Text.Encoding.UTF8.GetString(lines).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement);
}
