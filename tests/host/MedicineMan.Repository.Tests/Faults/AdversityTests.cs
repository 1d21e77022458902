using MedicineMan.Repository.Pruning;
using MedicineMan.Repository.Repairing;
using MedicineMan.Repository.Retention;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Storage;
using MedicineMan.Sdk.Testing.Storage;

namespace MedicineMan.Repository.Tests.Faults;

/// <summary>Storages that fail at any call, disks that fill, and bytes that rot anywhere.</summary>
public sealed class AdversityTests
{
    private static readonly bool IsLongRun = Environment.GetEnvironmentVariable("MEDICINEMAN_KILLS") is not null;
    private static readonly byte[] Shared = Some.Rows(15_000);
    private static readonly byte[] Gone = Some.Noise(1_500_000, seed: 3);
    private static readonly byte[] Kept = Some.Noise(700_000, seed: 4);

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_storage_that_fails_at_the_nth_call_costs_no_snapshot_whatever_n_is(bool forGood)
    {
        Restic.SkipUnlessInstalled();
        FailingStorage? storage = null;
        await using var ours = await TestRepository.Create(inner => storage = new FailingStorage(inner));
        var kept = await ours.BackUp(("kept", Kept), ("shared", Shared));
        var calls = 0;
        var failAt = int.MaxValue;
        void Count(string key)
        {
            // Locks are released later or go stale; here they would only keep the next round out.
            var call = key.StartsWith("locks/", StringComparison.Ordinal) ? 0 : Interlocked.Increment(ref calls);
            if (call == failAt || (forGood && call > failAt))
            {
                throw new StorageException($"Call {call} failed.");
            }
        }

        (storage!.OnPut, storage.OnRead, storage.OnDelete) = ((key, _) => Count(key), Count, Count);
        var survived = false;
        var random = new Random();
        for (var n = random.Next(1, 4); !survived; n += IsLongRun ? 1 + n / 8 : 1 + random.Next(n, 2 * n))
        {
            (calls, failAt) = (0, n);
            try
            {
                await Everything(ours);
                survived = true;
            }
            catch (UserFacingException)
            {
                // Expected: what matters is what is left.
            }

            (calls, failAt) = (0, int.MaxValue);
            await ours.Reopen();
            foreach (var snapshot in await ours.Repository.Snapshots(default).ToListAsync())
            {
                Assert.Equal(Shared, await ours.Read(snapshot.Id, "shared"));
            }

            Assert.Equal(Kept, await ours.Read(kept.Id, "kept"));
            Assert.True((await ours.Repository.Check(new CheckOptions { ReadData = true }, null, default)).Passed, $"Broken after call {n} failed.");
        }

        await Everything(ours);
        await ours.Restic.Run("check", "--read-data");
    }

    [SkippableFact]
    public async Task A_disk_that_is_full_for_real_costs_no_snapshot_and_a_prune_makes_room_on_it()
    {
        Restic.SkipUnlessInstalled();
        await using var scratch = new ScratchFolder();
        var disk = scratch["disk"];
        Directory.CreateDirectory(disk);
        var mounted = await Shell.Run("mount -t tmpfs -o size=12m tmpfs \"$1\" 2>/dev/null && echo yes || true", disk);
        Skip.IfNot(mounted.StartsWith("yes", StringComparison.Ordinal), "A tmpfs can't be mounted here (it takes root).");
        try
        {
            await using var storage = await TestRepository.OpenStorage(Path.Combine(disk, "repository"));
            using var repository = await BackupRepository.Initialise(storage, TestRepository.Password, TestRepository.Cheap, TimeProvider.System, default);
            var kept = await BackUp(repository, "kept", Kept);
            var old = await BackUp(repository, "gone", Some.Noise(5_000_000, seed: 9));
            var failure = await Assert.ThrowsAnyAsync<UserFacingException>(() => BackUp(repository, "too large", Some.Noise(30_000_000)));
            Assert.Contains("disk is full", failure.Message, StringComparison.Ordinal);
            Assert.Equal(2, await repository.Snapshots(default).CountAsync());

            await repository.Upkeep.Forget(new ForgetOptions { Names = [old.ToString()], Guards = RetentionGuards.None }, default);
            await repository.Upkeep.Prune(new PruneOptions { MaxUnused = UnusedLimit.Unlimited }, null, default);
            var again = await BackUp(repository, "again", Some.Noise(6_000_000, seed: 10));
            Assert.Equal(Kept, await Read(repository, kept, "kept"));
            Assert.Equal(Some.Noise(6_000_000, seed: 10), await Read(repository, again, "again"));
            await new Restic(Path.Combine(disk, "repository"), TestRepository.Password, scratch["home"]).Run("check", "--read-data");
        }
        finally
        {
            await Shell.Run("umount \"$1\"", disk);
        }
    }

    [Fact]
    public async Task A_byte_flipped_or_a_file_cut_short_anywhere_is_found_and_named_and_everything_else_restores()
    {
        await using var ours = await TestRepository.Create();
        var ids = new List<(ObjectId Id, string Name, byte[] Content)>();
        foreach (var (name, content) in new[] { ("gone", Gone), ("kept", Kept), ("shared", Shared) })
        {
            ids.Add(((await ours.BackUp((name, content))).Id, name, content));
        }

        var seed = Environment.TickCount;
        var random = new Random(seed);
        var files = Directory.GetFiles(ours.Folder, "*", SearchOption.AllDirectories).Where(file => !file.Contains("/keys/", StringComparison.Ordinal) && !file.EndsWith("config", StringComparison.Ordinal)).ToList();
        foreach (var file in files)
        {
            var whole = File.ReadAllBytes(file);
            foreach (var cut in new[] { false, true })
            {
                var at = random.Next(whole.Length);
                File.WriteAllBytes(file, cut ? whole[..at] : [.. whole[..at], (byte)(whole[at] ^ (1 << random.Next(8))), .. whole[(at + 1)..]]);
                await ours.Reopen();
                var place = $"seed {seed}: {file} {(cut ? "cut" : "flipped")} at {at}";

                var report = await ours.Repository.Check(new CheckOptions { ReadData = true }, null, default);
                Assert.True(report.Problems.Concat(report.Remarks).Any(problem => problem.Message.Contains(Path.GetFileName(file)[..8], StringComparison.Ordinal)), place);
                Assert.False(report.Passed, place);
                await OnlyOneMayBeLost(ours, ids, place);
                File.WriteAllBytes(file, whole);
            }
        }

        await ours.Reopen();
        Assert.True((await ours.Repository.Check(new CheckOptions { ReadData = true }, null, default)).Passed);
    }

    private static async Task OnlyOneMayBeLost(TestRepository ours, List<(ObjectId Id, string Name, byte[] Content)> ids, string place)
    {
        var whole = 0;
        foreach (var (id, name, content) in ids)
        {
            try
            {
                Assert.Equal(content, await ours.Read(id, name));
                whole++;
            }
            catch (UserFacingException)
            {
                // Lost, and said so: better than wrong bytes.
            }
        }

        Assert.True(whole >= ids.Count - 1, $"{place}: only {whole} left");
    }

    private static async Task Everything(TestRepository ours)
    {
        var gone = await ours.BackUp(("gone", Gone), ("shared", Shared));
        await ours.BackUp(("shared", Shared));
        await ours.Repository.Upkeep.Forget(new ForgetOptions { Names = [gone.Id.ToString()] }, default);
        await ours.Repository.Upkeep.Prune(new PruneOptions { MaxUnused = UnusedLimit.Bytes(0) }, null, default);
        await ours.Repository.Upkeep.RepairIndex(new RepairOptions { ReadAllPacks = true }, null, default);
        await ours.Repository.Upkeep.RepairSnapshots(new RepairOptions { Forget = true }, null, default);
    }

    private static async Task<ObjectId> BackUp(BackupRepository repository, string name, byte[] content)
    {
        await using var session = await repository.BeginSnapshot(TestRepository.Options(), default);
        await session.AddStream([name], new MemoryStream(content), Chunking.ChunkProfile.Stream, default);
        return (await session.Commit(default)).Id;
    }

    private static async Task<byte[]> Read(BackupRepository repository, ObjectId snapshot, string name)
    {
        await using var tree = await repository.OpenSnapshot(snapshot.ToString(), default);
        using var content = new MemoryStream();
        await tree.Dump([name], content, default);
        return content.ToArray();
    }
}
