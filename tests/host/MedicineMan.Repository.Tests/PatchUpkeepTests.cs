using MedicineMan.Repository.Chunking;
using MedicineMan.Repository.Looking;
using MedicineMan.Repository.Pruning;
using MedicineMan.Repository.Repairing;
using MedicineMan.Repository.Retention;
using MedicineMan.Repository.Tests.Fixtures;

namespace MedicineMan.Repository.Tests;

/// <summary>What looks after a repository knows a stream in parts for the file it is.</summary>
public sealed class PatchUpkeepTests
{
    private const int OnePart = 8 << 20;

    [Fact]
    public async Task Diff_find_and_sizes_show_a_file()
    {
        await using var test = await TestRepository.Create();
        var (first, second) = await Patched(test);
        var changes = new List<string>();
        var totals = await test.Repository.View.Diff(first.ToString(), second.ToString(), metadata: false, change => changes.Add($"{change.Modifier} {change.Path}"), default);
        Assert.Equal(["M /db/dump"], changes);
        Assert.InRange(totals.AddedBytes, 1, OnePart / 10);

        var found = await test.Repository.View.Find(new FindOptions { Patterns = ["dump*", "stream.json"] }, new SnapshotFilter(), default).Select(hit => $"{hit.Snapshot.Id} {hit.Path}").ToListAsync();
        Assert.Equal(new[] { $"{first} /db/dump", $"{second} /db/dump" }.Order(), found.Order());
        var sizes = await test.Repository.View.Sizes(SizeMode.RestoreSize, [], new SnapshotFilter(), default);
        Assert.Equal(2L * OnePart, sizes.Bytes);
    }

    [Fact]
    public async Task A_base_outlives_the_snapshot_it_came_from()
    {
        await using var test = await TestRepository.Create();
        var (_, second) = await Patched(test);
        await test.Repository.Upkeep.Forget(new ForgetOptions { Rule = new RetentionRule { Last = 1, KeepOldest = false } }, default);
        await test.Repository.Upkeep.Prune(new PruneOptions { MaxUnused = UnusedLimit.Bytes(0) }, null, default);
        await test.Reopen();
        Assert.Equal(second, Assert.Single(await test.Repository.Snapshots(default).ToListAsync()).Id);
        Assert.Equal(Some.Table(OnePart, changeEvery: 100), await test.Read(second, "db/dump"));
        Assert.True((await test.Repository.Check(new CheckOptions { ReadData = true }, null, default)).Passed);
    }

    [Fact]
    public async Task What_is_left_of_one_that_lost_a_part_is_shown_as_the_folder_of_parts_it_is()
    {
        await using var test = await TestRepository.Create();
        var (first, second) = await Patched(test);
        var pack = Directory.GetFiles(Path.Combine(test.Folder, "data"), "*", SearchOption.AllDirectories).MaxBy(file => new FileInfo(file).Length)!;
        File.Delete(pack);
        await test.Reopen();
        await test.Repository.Upkeep.RepairIndex(new RepairOptions(), null, default);
        var report = await test.Repository.Upkeep.RepairSnapshots(new RepairOptions { Forget = true }, null, default);
        Assert.Equal(new[] { first, second }.Select(id => id.ToString()).Order(), report.Repaired.Select(one => one.Old.ToString()).Order());

        await test.Reopen();
        Assert.True((await test.Repository.Check(new CheckOptions { ReadData = true }, null, default)).Passed);
        await using var tree = await test.Repository.OpenSnapshot(report.Repaired.Single(one => one.Old == second).New!.Value.ToString(), default);
        var listed = await tree.List(["db"], default);
        Assert.Equal(("dump.patched.damaged", true), (Assert.Single(listed).Name, listed[0].IsDirectory));
        Assert.Contains(await tree.List(["db", "dump.patched.damaged"], default), node => node.Name == "stream.json");
    }

    private static async Task<(ObjectId First, ObjectId Second)> Patched(TestRepository test)
    {
        var first = await test.BackUp(DateTimeOffset.UnixEpoch, ("db/dump", Some.Table(OnePart)));
        await using var session = await test.Repository.BeginSnapshot(TestRepository.Options() with { Parent = first.Id, Time = DateTimeOffset.UnixEpoch.AddDays(1) }, default);
        await session.AddStream(["db", "dump"], new MemoryStream(Some.Table(OnePart, changeEvery: 100)), ChunkProfile.Stream, default);
        return (first.Id, (await session.Commit(default)).Id);
    }
}
