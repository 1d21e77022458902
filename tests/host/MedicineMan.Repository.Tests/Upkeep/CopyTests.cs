using System.Text.Json;
using MedicineMan.Repository.Copying;
using MedicineMan.Repository.Retention;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Storage;
using MedicineMan.Sdk.Testing.Storage;

namespace MedicineMan.Repository.Tests.Upkeep;

public sealed class CopyTests
{
    [SkippableFact]
    public async Task Snapshots_go_to_another_key_and_storage_and_what_is_there_is_not_read_again()
    {
        Restic.SkipUnlessInstalled();
        FailingStorage? watched = null;
        await using var source = await TestRepository.Create(storage => watched = new FailingStorage(storage));
        await using var target = await TestRepository.Create();
        var (rows, noise) = (Some.Rows(30_000), Some.Noise(3_000_000));
        var first = await source.BackUp(DateTimeOffset.UnixEpoch, ("rows", rows), ("noise", noise));

        var report = await source.Repository.View.CopyTo(target.Repository, new CopyOptions(), null, default);

        var copy = Assert.Single(report.Copied);
        Assert.Equal(rows, await target.Read(copy.Copy!.Value, "rows"));
        Assert.Equal(noise, await target.Read(copy.Copy!.Value, "noise"));
        Assert.Equal(first.Id.ToString(), JsonDocument.Parse(await target.Restic.Run("snapshots", "--json")).RootElement[0].GetProperty("original").GetString());

        var second = await source.BackUp(("rows", rows), ("little", "new"u8.ToArray()));
        var read = new System.Collections.Concurrent.ConcurrentBag<string>();
        watched!.OnRead = key => { if (key.StartsWith("data/", StringComparison.Ordinal)) { read.Add(key); } };
        var again = await source.Repository.View.CopyTo(target.Repository, new CopyOptions(), null, default);

        Assert.Equal(second.Id, Assert.Single(again.Copied).Source.Id);
        Assert.Single(again.AlreadyThere);
        Assert.InRange(again.Blobs, 2, 3);
        Assert.InRange(read.Count, 1, 4);
        Assert.Empty((await source.Repository.View.CopyTo(target.Repository, new CopyOptions(), null, default)).Copied);
        await target.Restic.Run("check", "--read-data");
    }

    [SkippableTheory]
    [InlineData("1")]
    [InlineData("2")]
    public async Task Backups_of_restic_with_all_their_metadata_arrive_as_they_are(string version)
    {
        Restic.SkipUnlessInstalled();
        await using var scratch = new ScratchFolder();
        await using var target = await TestRepository.Create();
        var restic = new Restic(scratch["repository"], TestRepository.Password, scratch["home"]);
        await restic.Run("init", "--repository-version", version);
        scratch.Write("source/a/b", string.Concat(Enumerable.Range(0, 100_000).Select(i => $"{i}\n")));
        File.CreateSymbolicLink(scratch["source/link"], "a/b");
        await restic.Run("backup", "--tag", "one,two", "--host", "elsewhere", scratch["source"]);
        await using var storage = await TestRepository.OpenStorage(scratch["repository"]);
        using var source = await TestRepository.Open(storage);

        await source.View.CopyTo(target.Repository, new CopyOptions { Filter = new SnapshotFilter { Hosts = ["elsewhere"] } }, null, default);

        await target.Restic.Run("check", "--read-data");
        await target.Restic.Run("restore", "latest", "--target", scratch["target"]);
        Assert.Equal(await Shell.Listing(scratch["source"]), await Shell.Listing(scratch["target"] + scratch["source"]));
        Assert.Equal(
            (await source.Snapshots(default).SingleAsync()).Tree, (await target.Repository.Snapshots(default).SingleAsync()).Tree);
    }

    [Fact]
    public async Task A_damaged_source_or_a_storage_that_fails_leaves_no_snapshot_and_the_next_copy_goes_on()
    {
        FailingStorage? disk = null;
        await using var source = await TestRepository.Create();
        await using var target = await TestRepository.Create(storage => disk = new FailingStorage(storage));
        var noise = Some.Noise(30_000_000);
        await source.BackUp(("noise", noise));
        disk!.FillUpAfter(20_000_000);
        await Assert.ThrowsAnyAsync<StorageException>(() => source.Repository.View.CopyTo(target.Repository, new CopyOptions(), null, default));
        Assert.Empty(await target.Repository.Snapshots(default).ToListAsync());
        disk.OnPut = null;
        var copied = await source.Repository.View.CopyTo(target.Repository, new CopyOptions(), null, default);
        Assert.Equal(noise, await target.Read(copied.Copied.Single().Copy!.Value, "noise"));

        var pack = Directory.GetFiles(Path.Combine(source.Folder, "data"), "*", SearchOption.AllDirectories).MaxBy(file => new FileInfo(file).Length)!;
        await using var other = await TestRepository.Create();
        File.WriteAllBytes(pack, [.. File.ReadAllBytes(pack).Select((value, at) => at == 1_000_000 ? (byte)~value : value)]);
        await Assert.ThrowsAsync<DamagedException>(() => source.Repository.View.CopyTo(other.Repository, new CopyOptions(), null, default));
        Assert.Empty(await other.Repository.Snapshots(default).ToListAsync());
    }

    [Fact]
    public async Task What_the_source_lost_since_it_was_copied_is_no_loss()
    {
        await using var source = await TestRepository.Create();
        await using var target = await TestRepository.Create();
        var noise = Some.Noise(1_000_000);
        var first = await source.BackUp(DateTimeOffset.UnixEpoch, ("noise", noise));
        var indexes = Directory.GetFiles(Path.Combine(source.Folder, "index"));
        var second = await source.BackUp(("noise", noise), ("little", "new"u8.ToArray()));
        await source.Repository.View.CopyTo(target.Repository, new CopyOptions { Names = [first.Id.ToString()] }, null, default);
        Array.ForEach(indexes, File.Delete);
        await source.Reopen();
        var only = new CopyOptions { Names = [second.Id.ToString()] };

        var copy = Assert.Single((await source.Repository.View.CopyTo(target.Repository, only, null, default)).Copied);

        Assert.Equal(noise, await target.Read(copy.Copy!.Value, "noise"));
        await using var other = await TestRepository.Create();
        var failure = await Assert.ThrowsAsync<DamagedException>(() => source.Repository.View.CopyTo(other.Repository, only, null, default));
        Assert.Contains("in no index", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repository_is_not_copied_into_itself_and_a_dry_run_stores_nothing()
    {
        await using var ours = await TestRepository.Create();
        await using var target = await TestRepository.Create();
        await ours.BackUp(("rows", Some.Rows(10)));
        await Assert.ThrowsAsync<UserFacingException>(() => ours.Repository.View.CopyTo(ours.Repository, new CopyOptions(), null, default));
        Assert.Single((await ours.Repository.View.CopyTo(target.Repository, new CopyOptions { DryRun = true }, null, default)).Copied);
        Assert.False(Directory.Exists(Path.Combine(target.Folder, "data")));
    }
}
