using MedicineMan.Repository.Pruning;
using MedicineMan.Repository.Retention;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Tests.Upkeep;

public sealed class PruneTests
{
    private static readonly byte[] Shared = Some.Noise(3_000_000, seed: 1);
    private static readonly byte[] Kept = Some.Noise(2_000_000, seed: 2);
    private static readonly byte[] Gone = Some.Noise(6_000_000, seed: 3);
    private static readonly PruneOptions Thorough = new() { MaxUnused = UnusedLimit.Bytes(0) };

    [SkippableFact]
    public async Task What_no_snapshot_needs_goes_and_everything_else_is_as_it_was_here_and_in_restic()
    {
        Restic.SkipUnlessInstalled();
        await using var ours = await TestRepository.Create();
        var kept = await TwoOfWhichOneIsForgotten(ours);
        var before = Size(ours);

        var report = await ours.Repository.Upkeep.Prune(Thorough, null, default);

        Assert.InRange(report.BytesFreed, 5_900_000, 6_400_000);
        Assert.InRange(before - Size(ours), 5_900_000, 6_400_000);
        Assert.True(report.PacksRepacked > 0);
        await ExpectWhole(ours, kept);
        var again = await ours.Repository.Upkeep.Prune(Thorough, null, default);
        Assert.Equal((0, 0, 0L, 0L), (again.PacksRemoved, again.PacksRepacked, again.Unused.Blobs, again.BytesFreed));
        Assert.Matches(@"to delete:\s+0 blobs", await ours.Restic.Run("prune", "--dry-run", "--max-unused", "0"));
    }

    [Fact]
    public async Task A_dry_run_says_what_would_be_done_and_touches_nothing()
    {
        await using var ours = await TestRepository.Create();
        await TwoOfWhichOneIsForgotten(ours);
        var before = Files(ours);
        var said = await ours.Repository.Upkeep.Prune(Thorough with { DryRun = true }, null, default);
        Assert.Equal(before, Files(ours));
        Assert.Equal(said, await ours.Repository.Upkeep.Prune(Thorough, null, default));
    }

    [Fact]
    public async Task Limits_bound_what_stays_and_what_is_written_anew()
    {
        await using var ours = await TestRepository.Create();
        var kept = await TwoOfWhichOneIsForgotten(ours);

        var generous = await ours.Repository.Upkeep.Prune(new PruneOptions { MaxUnused = UnusedLimit.Unlimited }, null, default);
        Assert.Equal(0, generous.PacksRepacked);
        var hasty = await ours.Repository.Upkeep.Prune(Thorough with { MaxRepackBytes = 0 }, null, default);
        Assert.Equal((0, 0L), (hasty.PacksRepacked, hasty.Repacked.Bytes));
        Assert.True(hasty.Kept.Bytes > 1_000_000);
        var some = await ours.Repository.Upkeep.Prune(Thorough with { MaxRepackBytes = 3_500_000 }, null, default);
        Assert.InRange(some.Repacked.Bytes, 1, 3_500_000);
        await ours.Repository.Upkeep.Prune(Thorough, null, default);
        await ExpectWhole(ours, kept);
    }

    [SkippableTheory]
    [InlineData("1")]
    [InlineData("2")]
    public async Task What_restic_wrote_in_either_version_is_pruned_and_restic_finds_it_whole(string version)
    {
        Restic.SkipUnlessInstalled();
        await using var scratch = new ScratchFolder();
        await using var home = new ScratchFolder();
        var restic = new Restic(scratch["repository"], TestRepository.Password, home["home"]);
        await restic.Run("init", "--repository-version", version);
        scratch.Write("source/text", string.Concat(Enumerable.Range(0, 300_000).Select(i => $"row {i * 7919 % 100_003}\n")));
        File.WriteAllBytes(scratch["source/old"], Gone);
        await restic.Run("backup", scratch["source"]);
        File.Delete(scratch["source/old"]);
        File.WriteAllBytes(scratch["source/new"], Kept);
        await restic.Run("backup", scratch["source"]);
        await using var storage = await TestRepository.OpenStorage(scratch["repository"]);
        using var repository = await TestRepository.Open(storage);

        var forgotten = await repository.Upkeep.Forget(new ForgetOptions { Rule = new RetentionRule { Last = 1 } }, default);
        var report = await repository.Upkeep.Prune(Thorough, null, default);

        Assert.Equal(1, forgotten.Removed);
        Assert.True(report.BytesFreed > 5_000_000);
        await restic.Run("check", "--read-data");
        await restic.Run("restore", "latest", "--target", scratch["target"]);
        Assert.Equal(Kept, File.ReadAllBytes(scratch["target" + scratch["source/new"]]));
        Assert.Equal(File.ReadAllText(scratch["source/text"]), File.ReadAllText(scratch["target" + scratch["source/text"]]));
    }

    [SkippableFact]
    public async Task Packs_of_a_killed_backup_and_copies_go_and_many_small_index_files_become_one()
    {
        Restic.SkipUnlessInstalled();
        await using var ours = await TestRepository.Create();
        var copy = ours.Scratch["copy"];
        await ours.BackUp(("shared", Shared));
        await Shell.Run("cp -r \"$1\" \"$2\"", ours.Folder, copy);
        // The same content stored twice, as two backups at once store it.
        await ours.BackUp(("twice", Kept));
        await using (var storage = await TestRepository.OpenStorage(copy))
        {
            using var other = await TestRepository.Open(storage);
            await using var session = await other.BeginSnapshot(TestRepository.Options(), default);
            await session.AddStream(["twice"], new MemoryStream(Kept), Chunking.ChunkProfile.Stream, default);
            await session.Commit(default);
        }

        await Shell.Run("cp -rn \"$1\"/data \"$1\"/index \"$1\"/snapshots \"$2\"", copy, ours.Folder);
        var orphan = Path.Combine(ours.Folder, "data", "00");
        Directory.CreateDirectory(orphan);
        File.WriteAllBytes(Path.Combine(orphan, new string('0', 64)), Some.Noise(1000));

        var report = await ours.Repository.Upkeep.Prune(Thorough, null, default);

        Assert.Equal(1, report.PacksUnreferenced);
        Assert.InRange(report.Unused.Bytes, 2_000_000, 2_100_000);
        Assert.Empty(Directory.GetFiles(orphan));
        Assert.Single(Directory.GetFiles(Path.Combine(ours.Folder, "index")));
        foreach (var snapshot in await ours.Repository.Snapshots(default).Skip(1).ToListAsync())
        {
            Assert.Equal(Kept, await ours.Read(snapshot.Id, "twice"));
        }

        await ours.Restic.Run("check", "--read-data");
    }

    [Theory]
    [InlineData("snapshots")]
    [InlineData("index")]
    [InlineData("data")]
    public async Task A_damaged_repository_is_not_pruned_and_nothing_of_it_is_removed(string folder)
    {
        await using var ours = await TestRepository.Create();
        await TwoOfWhichOneIsForgotten(ours);
        foreach (var file in Directory.GetFiles(Path.Combine(ours.Folder, folder), "*", SearchOption.AllDirectories).Where(file => new FileInfo(file).Length is var length && (folder != "data" || length > 500_000)))
        {
            var content = File.ReadAllBytes(file);
            // In the middle of a block that is needed somewhere: every few bytes of data.
            for (var at = content.Length / 20; at < content.Length - 10_000 || at == content.Length / 20; at += 10_000)
            {
                content[at] ^= 1;
            }

            File.WriteAllBytes(file, content);
        }

        await ours.Reopen();
        var before = Files(ours);
        await Assert.ThrowsAnyAsync<UserFacingException>(() => ours.Repository.Upkeep.Prune(Thorough, null, default));
        Assert.Superset(before, Files(ours));
    }

    [Fact]
    public async Task A_pack_that_is_missing_or_cut_short_stops_it_when_something_in_it_is_needed()
    {
        await using var ours = await TestRepository.Create();
        await TwoOfWhichOneIsForgotten(ours);
        var pack = Directory.GetFiles(Path.Combine(ours.Folder, "data"), "*", SearchOption.AllDirectories).MaxBy(file => new FileInfo(file).Length)!;
        File.WriteAllBytes(pack, File.ReadAllBytes(pack)[..^1]);
        var before = Files(ours);
        var failure = await Assert.ThrowsAsync<UserFacingException>(() => ours.Repository.Upkeep.Prune(Thorough, null, default));
        Assert.Contains("missing or damaged", failure.Message, StringComparison.Ordinal);
        File.Delete(pack);
        await Assert.ThrowsAsync<UserFacingException>(() => ours.Repository.Upkeep.Prune(Thorough, null, default));
        before.Remove(pack);
        Assert.Equal(before, Files(ours));
    }

    [Fact]
    public async Task A_repository_that_shows_no_snapshot_is_not_emptied_unless_that_is_meant()
    {
        await using var ours = await TestRepository.Create();
        var kept = await TwoOfWhichOneIsForgotten(ours);
        Directory.Move(Path.Combine(ours.Folder, "snapshots"), ours.Scratch["unseen"]);
        var before = Files(ours);
        foreach (var options in new[] { Thorough, Thorough with { DryRun = true } })
        {
            var failure = await Assert.ThrowsAsync<UserFacingException>(() => ours.Repository.Upkeep.Prune(options, null, default));
            Assert.Contains("no snapshot", failure.Message, StringComparison.Ordinal);
            Assert.Equal(before, Files(ours));
        }

        Directory.Move(ours.Scratch["unseen"], Path.Combine(ours.Folder, "snapshots"));
        await ours.Repository.Upkeep.Prune(Thorough, null, default);
        await ExpectWhole(ours, kept);

        await ours.Repository.Upkeep.Forget(new ForgetOptions { Names = [kept.ToString()], Guards = RetentionGuards.None }, default);
        Assert.True((await ours.Repository.Upkeep.Prune(Thorough with { WithoutGuards = true }, null, default)).PacksRemoved > 0);
        Assert.Empty(Directory.GetFiles(Path.Combine(ours.Folder, "data"), "*", SearchOption.AllDirectories));
        await ours.Repository.Upkeep.Prune(Thorough, null, default);
    }

    [Fact]
    public async Task While_a_backup_runs_it_waits_or_says_so_and_removes_nothing()
    {
        await using var ours = await TestRepository.Create();
        await using (await ours.Repository.BeginSnapshot(TestRepository.Options(), default))
        {
            Assert.Contains("in use", (await Assert.ThrowsAnyAsync<UserFacingException>(() => ours.Repository.Upkeep.Prune(Thorough, null, default))).Message, StringComparison.Ordinal);
        }

        var session = await ours.Repository.BeginSnapshot(TestRepository.Options(), default);
        var pruning = ours.Repository.Upkeep.Prune(Thorough with { LockPatience = TimeSpan.FromMinutes(1) }, null, default);
        await session.DisposeAsync();
        Assert.Equal(0, (await pruning).PacksRemoved);
    }

    [Theory]
    [InlineData("5%", 950, 50)]
    [InlineData("0%", 950, 0)]
    [InlineData("2K", 1, 2048)]
    [InlineData("3m", 1, 3 << 20)]
    [InlineData("12", 1, 12)]
    public void Limits_are_read_as_restic_reads_them(string text, long used, long expected) => Assert.Equal(expected, UnusedLimit.Parse(text).For(used));

    [Theory]
    [InlineData("100%")]
    [InlineData("-1%")]
    [InlineData("x")]
    [InlineData("")]
    [InlineData("9999999999T")]
    public void What_is_no_limit_is_refused(string text) => Assert.Throws<UserFacingException>(() => UnusedLimit.Parse(text));

    private static async Task<ObjectId> TwoOfWhichOneIsForgotten(TestRepository ours)
    {
        var old = await ours.BackUp(DateTimeOffset.UnixEpoch, ("gone", Gone), ("shared", Shared));
        var kept = await ours.BackUp(("kept", Kept), ("shared", Shared));
        await ours.Repository.Upkeep.Forget(new ForgetOptions { Names = [old.Id.ToString()] }, default);
        return kept.Id;
    }

    private static async Task ExpectWhole(TestRepository ours, ObjectId kept)
    {
        await ours.Restic.Run("check", "--read-data");
        await ours.Reopen();
        var report = await ours.Repository.Check(new CheckOptions { ReadData = true }, null, default);
        Assert.True(report.Passed);
        Assert.Equal(0, report.UnusedPacks);
        Assert.Equal(Kept, await ours.Read(kept, "kept"));
        Assert.Equal(Shared, await ours.Read(kept, "shared"));
        Assert.Equal(Shared, (await ours.Restic.Try(null, "dump", "latest", "/shared")).Output);
    }

    private static long Size(TestRepository ours) => Directory.GetFiles(Path.Combine(ours.Folder, "data"), "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);

    private static HashSet<string> Files(TestRepository ours) => [.. Directory.GetFiles(ours.Folder, "*", SearchOption.AllDirectories).Order()];
}
