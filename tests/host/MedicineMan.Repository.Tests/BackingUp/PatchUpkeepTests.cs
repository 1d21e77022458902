using MedicineMan.Repository.Chunking;
using MedicineMan.Repository.Looking;
using MedicineMan.Repository.Patching;
using MedicineMan.Repository.Pruning;
using MedicineMan.Repository.Repairing;
using MedicineMan.Repository.Retention;
using MedicineMan.Repository.Storing;
using MedicineMan.Repository.Tests.Fixtures;

namespace MedicineMan.Repository.Tests.BackingUp;

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

    [Theory]
    [InlineData("right", 0)]
    [InlineData("another part's hash", 1)]
    [InlineData("another base", 1)]
    [InlineData("another length", 1)]
    [InlineData("another length in the folder", 1)]
    public async Task A_check_of_every_byte_puts_streams_together_and_names_one_that_does_not_come_out(string what, int problems)
    {
        await using var test = await TestRepository.Create();
        await using var forge = await TreeForge.Open(test);
        var (before, after) = (Some.Table(1 << 20), Some.Table(1 << 20, changeEvery: 100));
        var patch = new byte[1 << 20];
        using (var codec = new ZstdPatch())
        {
            patch = patch[..codec.Compress(before, after, patch)];
        }

        var descriptor = new StreamDescriptor
        {
            Name = "dump", Size = after.Length - (what is "another length" ? 1 : 0),
            Parts =
            [
                new StreamPart
                {
                    File = "000001.patch", Basis = "000001.base", Size = after.Length - (what is "another length" ? 1 : 0),
                    Sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(what is "another part's hash" ? before : after)),
                },
            ],
        };
        var folder = await forge.Folder(
            "dump.patched", await forge.File("000001.base", what is "another base" ? Some.Table(1 << 20, changeEvery: 3) : before), await forge.File("000001.patch", patch),
            await forge.File("stream.json", descriptor.Write()));
        var snapshot = await forge.Commit(await forge.File("bystander", "x"), folder with { Size = (ulong)(descriptor.Size - (what is "another length in the folder" ? 1 : 0)) });

        var report = await test.Repository.Check(new CheckOptions { ReadData = true }, null, default);

        Assert.Equal(problems, report.Problems.Count);
        Assert.All(report.Problems, problem => Assert.Equal((DamageKind.BrokenStream, $"{snapshot.Prefix}:/dump"), (problem.Kind, Assert.Single(problem.Affected))));
    }

    private static async Task<(ObjectId First, ObjectId Second)> Patched(TestRepository test)
    {
        var first = await test.BackUp(DateTimeOffset.UnixEpoch, ("db/dump", Some.Table(OnePart)));
        await using var session = await test.Repository.BeginSnapshot(TestRepository.Options() with { Parent = first.Id, Time = DateTimeOffset.UnixEpoch.AddDays(1) }, default);
        await session.AddStream(["db", "dump"], new MemoryStream(Some.Table(OnePart, changeEvery: 100)), ChunkProfile.Stream, default);
        return (first.Id, (await session.Commit(default)).Id);
    }
}
