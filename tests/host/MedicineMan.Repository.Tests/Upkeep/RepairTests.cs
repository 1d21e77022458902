using System.Buffers;
using MedicineMan.Repository.Pruning;
using MedicineMan.Repository.Repairing;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Repository.Tests.Upkeep;

public sealed class RepairTests
{
    private static readonly byte[] Victim = Some.Noise(2_000_000, seed: 7);
    private static readonly byte[] Bystander = Some.Rows(20_000);

    [SkippableTheory]
    [InlineData("lost")]
    [InlineData("flipped")]
    [InlineData("all lost")]
    public async Task A_lost_or_damaged_index_is_built_anew_from_the_packs(string how)
    {
        Restic.SkipUnlessInstalled();
        await using var ours = await TestRepository.Create();
        var victim = await ours.BackUp(("victim", Victim));
        var first = Assert.Single(Directory.GetFiles(Path.Combine(ours.Folder, "index")));
        var bystander = await ours.BackUp(("bystander", Bystander));
        foreach (var file in how == "all lost" ? Directory.GetFiles(Path.Combine(ours.Folder, "index")) : [first])
        {
            if (how == "flipped")
            {
                Change(file, content => content[^20] ^= 1);
            }
            else
            {
                File.Delete(file);
            }
        }

        await ours.Reopen();
        var damage = await ours.Repository.Check(new CheckOptions(), null, default);
        Assert.False(damage.Passed);
        Assert.True(damage.Counts.GetValueOrDefault(DamageKind.MissingIndexEntry) > 0);
        var said = await ours.Repository.Upkeep.RepairIndex(new RepairOptions { DryRun = true }, null, default);
        var report = await ours.Repository.Upkeep.RepairIndex(new RepairOptions(), null, default);

        Assert.NotEmpty(report.Added);
        Assert.Equal(said.Added.Order(), report.Added.Order());
        Assert.Equal((0, 0, 0L), (report.Unexplained.Count, report.Dropped.Count, report.BlobsLost));
        await ExpectSound(ours);
        Assert.Equal(Victim, await ours.Read(victim.Id, "victim"));
        Assert.Equal(Bystander, await ours.Read(bystander.Id, "bystander"));
    }

    [SkippableFact]
    public async Task Reading_every_pack_gives_the_same_index_and_a_missing_pack_is_dropped_from_it()
    {
        Restic.SkipUnlessInstalled();
        await using var ours = await TestRepository.Create();
        var victim = await ours.BackUp(("victim", Victim));
        var pack = LargestPack(ours);
        var bystander = await ours.BackUp(("bystander", Bystander));
        var all = await ours.Repository.Upkeep.RepairIndex(new RepairOptions { ReadAllPacks = true }, null, default);
        Assert.Empty(all.Added);
        Assert.Equal(Victim, await ours.Read(victim.Id, "victim"));

        File.Delete(pack);
        var report = await ours.Repository.Upkeep.RepairIndex(new RepairOptions(), null, default);
        Assert.Equal(Path.GetFileName(pack), Assert.Single(report.Dropped).ToString());
        Assert.Equal(Bystander, await ours.Read(bystander.Id, "bystander"));
        Assert.Equal(0, (await ours.Repository.Upkeep.RepairIndex(new RepairOptions(), null, default)).IndexFilesReplaced);
    }

    [SkippableTheory]
    [InlineData("flip data")]
    [InlineData("flip header")]
    [InlineData("cut")]
    [InlineData("grow")]
    public async Task What_is_whole_in_a_damaged_pack_is_saved_and_snapshots_are_left_with_what_restores(string how)
    {
        Restic.SkipUnlessInstalled();
        await using var ours = await TestRepository.Create();
        var victim = await ours.BackUp(DateTimeOffset.UnixEpoch, ("dir/victim", Victim));
        var pack = LargestPack(ours);
        var bystander = await ours.BackUp(("bystander", Bystander));
        var content = File.ReadAllBytes(pack);
        File.WriteAllBytes(pack, how switch
        {
            "cut" => content[..(content.Length / 2)],
            "grow" => [.. content, .. new byte[100]],
            _ => Flipped(content, how == "flip data" ? content.Length / 3 : content.Length - 30),
        });
        var loses = how is "cut" or "flip data";

        var damaged = await ours.Repository.Check(new CheckOptions { ReadData = true }, null, default);
        Assert.False(damaged.Passed);
        var before = Files(ours);
        var said = await ours.Repository.Upkeep.RepairPacks(new RepairOptions { DryRun = true }, null, default);
        Assert.Equal(before, Files(ours));
        var report = await ours.Repository.Upkeep.RepairPacks(new RepairOptions(), null, default);

        Assert.Equal(Path.GetFileName(pack), Assert.Single(report.Salvaged).ToString());
        Assert.Equal((said.BlobsSaved, said.BlobsLost), (report.BlobsSaved, report.BlobsLost));
        Assert.True(report.BlobsSaved > 2);
        Assert.Equal(loses, report.BlobsLost > 0);
        Assert.True(File.Exists(pack));

        var snapshots = await ours.Repository.Upkeep.RepairSnapshots(new RepairOptions { Forget = true }, null, default);
        Assert.Equal(loses ? 1 : 0, snapshots.Repaired.Count);
        await ours.Repository.Upkeep.Prune(new PruneOptions(), null, default);
        await ExpectSound(ours);
        Assert.Equal(Bystander, await ours.Read(bystander.Id, "bystander"));
        if (!loses)
        {
            Assert.Equal(Victim, await ours.Read(victim.Id, "dir/victim"));
            return;
        }

        var repaired = Assert.Single(snapshots.Repaired);
        Assert.Equal((victim.Id, "/dir/victim"), (repaired.Old, Assert.Single(repaired.Lost)));
        var rest = await ours.Read(repaired.New!.Value, "dir/victim.damaged");
        Assert.InRange(rest.Length, Victim.Length / 3, Victim.Length - 1);
        var listed = System.Text.Json.JsonDocument.Parse(await ours.Restic.Run("snapshots", "--json", "--tag", RepairSnapshots.Tag)).RootElement;
        Assert.Equal(victim.Id.ToString(), listed[0].GetProperty("original").GetString());
    }

    [Theory]
    [InlineData("packs")]
    [InlineData("index")]
    public async Task A_storage_that_refuses_a_read_is_no_damage(string what)
    {
        RefusedPacks? storage = null;
        await using var ours = await TestRepository.Create(inner => storage = new RefusedPacks(inner));
        var victim = await ours.BackUp(("victim", Victim));
        storage!.Refuses = true;
        var before = Files(ours);

        var refused = await Assert.ThrowsAnyAsync<StorageException>(() => what == "packs"
            ? ours.Repository.Upkeep.RepairPacks(new RepairOptions(), null, default) : ours.Repository.Upkeep.RepairIndex(new RepairOptions { ReadAllPacks = true }, null, default));
        Assert.Contains("no permission", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, Files(ours));
        // A check names it, and goes on: what can't be read can't be restored.
        var check = await ours.Repository.Check(new CheckOptions { ReadData = true }, null, default);
        Assert.False(check.Passed);
        Assert.Contains(check.Problems, problem => problem.Message.Contains("no permission", StringComparison.Ordinal));

        storage.Refuses = false;
        Assert.Equal(Victim, await ours.Read(victim.Id, "victim"));
        await ExpectSound(ours);
    }

    [SkippableFact]
    public async Task A_lost_folder_listing_costs_that_folder_and_fields_of_other_programs_survive()
    {
        Restic.SkipUnlessInstalled();
        await using var scratch = new ScratchFolder();
        await using var ours = await TestRepository.Create();
        scratch.Write("source/lost/file", "a");
        var marked = scratch.Write("source/kept", "b");
        await Shell.Run("python3 -c 'import os,sys; os.setxattr(sys.argv[1], \"user.note\", b\"x\")' \"$1\" || true", marked);
        await ours.Restic.Run("backup", scratch["source"]);
        var snapshot = await ours.Repository.Snapshots(default).SingleAsync();
        var before = await ours.Restic.Run("cat", "blob", (await Subtree(ours, snapshot, scratch.Path)).ToString());

        var lost = await Find(ours, snapshot, [.. scratch.Path.Split('/', StringSplitOptions.RemoveEmptyEntries), "source", "lost"]);
        await Flip(ours, lost);
        await ours.Reopen();
        Assert.True((await ours.Repository.Upkeep.RepairPacks(new RepairOptions(), null, default)).BlobsLost == 1);
        var repaired = Assert.Single((await ours.Repository.Upkeep.RepairSnapshots(new RepairOptions { Forget = true }, null, default)).Repaired);

        Assert.Equal([scratch.Path + "/source/lost/"], repaired.Lost);
        var after = await ours.Restic.Run("cat", "blob", (await Subtree(ours, await ours.Repository.Snapshots(default).SingleAsync(), scratch.Path)).ToString());
        Assert.Contains(after.TrimEnd('\n', '}', ']')["{\"nodes\":[".Length..], before, StringComparison.Ordinal);
        await ours.Restic.Run("check", "--read-data");
    }

    [Fact]
    public async Task A_file_that_is_no_snapshot_goes_only_when_told_so_and_a_second_repair_does_nothing()
    {
        await using var ours = await TestRepository.Create();
        await ours.BackUp(("bystander", Bystander));
        var odd = Path.Combine(ours.Folder, "snapshots", new string('a', 64));
        File.WriteAllBytes(odd, Some.Noise(300));
        Assert.Single((await ours.Repository.Upkeep.RepairSnapshots(new RepairOptions(), null, default)).Unreadable);
        Assert.True(File.Exists(odd));
        await ours.Repository.Upkeep.RepairSnapshots(new RepairOptions { Forget = true }, null, default);
        Assert.False(File.Exists(odd));
        var again = await ours.Repository.Upkeep.RepairSnapshots(new RepairOptions { Forget = true }, null, default);
        Assert.Equal((1, 0, 0), (again.Checked, again.Repaired.Count, again.Unreadable.Count));
    }

    [Fact]
    public async Task A_pack_that_nothing_explains_is_left_alone_and_named()
    {
        await using var ours = await TestRepository.Create();
        await ours.BackUp(("bystander", Bystander));
        Directory.CreateDirectory(Path.Combine(ours.Folder, "data", "bb"));
        var odd = Path.Combine(ours.Folder, "data", "bb", new string('b', 64));
        File.WriteAllBytes(odd, Some.Noise(3000));
        var report = await ours.Repository.Upkeep.RepairIndex(new RepairOptions { ReadAllPacks = true }, null, default);
        Assert.Equal(Path.GetFileName(odd), Assert.Single(report.Unexplained).ToString());
        Assert.True(File.Exists(odd));
        var check = await ours.Repository.Check(new CheckOptions(), null, default);
        Assert.True(check.Passed);
        Assert.Equal(1, check.Counts[DamageKind.UnreferencedPack]);
    }

    [Fact]
    public async Task Locks_of_the_dead_are_removed_and_others_only_when_told_so()
    {
        await using var ours = await TestRepository.Create();
        await using var held = await ours.Repository.BeginSnapshot(TestRepository.Options(), default);
        var locks = Path.Combine(ours.Folder, "locks");
        Assert.Equal(0, await ours.Repository.Upkeep.Unlock(all: false, dryRun: false, default));
        File.WriteAllBytes(Path.Combine(locks, new string('c', 64)), Some.Noise(200));
        Assert.Contains("unlock --all", (await Assert.ThrowsAsync<UserFacingException>(() => ours.Repository.Upkeep.Unlock(all: false, dryRun: false, default))).Message, StringComparison.Ordinal);
        Assert.Equal(2, await ours.Repository.Upkeep.Unlock(all: true, dryRun: true, default));
        Assert.Equal(2, Directory.GetFiles(locks).Length);
        Assert.Equal(2, await ours.Repository.Upkeep.Unlock(all: true, dryRun: false, default));
        Assert.Empty(Directory.GetFiles(locks));
    }

    private static async Task<ObjectId> Subtree(TestRepository ours, SnapshotEntry snapshot, string folder) =>
        await Find(ours, snapshot, [.. folder.Split('/', StringSplitOptions.RemoveEmptyEntries), "source"]);

    private static async Task<ObjectId> Find(TestRepository ours, SnapshotEntry snapshot, IReadOnlyList<string> path)
    {
        var tree = snapshot.Tree;
        foreach (var name in path)
        {
            var nodes = System.Text.Json.JsonDocument.Parse(await ours.Restic.Run("cat", "blob", tree.ToString())).RootElement.GetProperty("nodes");
            var node = nodes.EnumerateArray().Single(node => node.GetProperty("name").GetString() == name);
            Assert.True(ObjectId.TryParse(node.GetProperty("subtree").GetString(), out tree));
        }

        return tree;
    }

    private static async Task Flip(TestRepository ours, ObjectId blob)
    {
        foreach (var index in Directory.GetFiles(Path.Combine(ours.Folder, "index")))
        {
            var packs = System.Text.Json.JsonDocument.Parse(await ours.Restic.Run("cat", "index", Path.GetFileName(index))).RootElement.GetProperty("packs");
            foreach (var pack in packs.EnumerateArray())
            {
                foreach (var entry in pack.GetProperty("blobs").EnumerateArray().Where(entry => entry.GetProperty("id").GetString() == blob.ToString()))
                {
                    var id = pack.GetProperty("id").GetString()!;
                    Change(Path.Combine(ours.Folder, "data", id[..2], id), content => content[entry.GetProperty("offset").GetInt32() + 20] ^= 1);
                    return;
                }
            }
        }
    }

    private static async Task ExpectSound(TestRepository ours)
    {
        await ours.Reopen();
        var report = await ours.Repository.Check(new CheckOptions { ReadData = true }, null, default);
        Assert.Empty(report.Problems);
        Assert.Empty(report.Remarks);
        await ours.Restic.Run("check", "--read-data");
    }

    private static HashSet<string> Files(TestRepository ours) => [.. Directory.GetFiles(ours.Folder, "*", SearchOption.AllDirectories)];

    private static string LargestPack(TestRepository ours) =>
        Directory.GetFiles(Path.Combine(ours.Folder, "data"), "*", SearchOption.AllDirectories).MaxBy(file => new FileInfo(file).Length)!;

    private static byte[] Flipped(byte[] content, int at)
    {
        content[at] ^= 0x10;
        return content;
    }

    private static void Change(string file, Action<byte[]> change)
    {
        var content = File.ReadAllBytes(file);
        change(content);
        File.SetAttributes(file, FileAttributes.Normal);
        File.WriteAllBytes(file, content);
    }

    /// <summary>A disk on which somebody else owns the packs.</summary>
    private sealed class RefusedPacks(IStorageBackend inner) : IStorageBackend
    {
        public bool Refuses { get; set; }

        public string Location => inner.Location;

        public Task<bool> PutAsync(string key, ReadOnlySequence<byte> content, CancellationToken cancel) => inner.PutAsync(key, content, cancel);

        public Task ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancel) =>
            Refuses && key.StartsWith("data/", StringComparison.Ordinal) ? throw new StorageException($"{Location}: no permission to read {key}.") : inner.ReadAsync(key, offset, destination, cancel);

        public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancel) => inner.ListAsync(prefix, cancel);

        public Task<bool> DeleteAsync(string key, CancellationToken cancel) => inner.DeleteAsync(key, cancel);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
