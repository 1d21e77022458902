using System.Collections.Concurrent;
using MedicineMan.Repository.Chunking;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Sdk.Storage;
using MedicineMan.Sdk.Testing.Storage;

namespace MedicineMan.Repository.Tests.Faults;

/// <summary>What a power cut leaves: every committed snapshot is there and restores, and whatever else is there is whole.</summary>
public sealed class PowerCutTests
{
    private const int Cuts = 60;

    [Fact]
    public async Task Every_committed_snapshot_restores_after_a_power_cut_at_any_moment_of_backups_side_by_side()
    {
        await using var storage = new JournaledStorage();
        using var repository = await BackupRepository.Initialise(storage, TestRepository.Password, TestRepository.Cheap, TimeProvider.System, default);
        var made = storage.Now;
        var committed = new ConcurrentDictionary<ObjectId, (int Moment, byte[] Content)>();
        await Task.WhenAll(Enumerable.Range(0, 3).Select(async line =>
        {
            for (var i = 0; i < 4; i++)
            {
                var content = Some.Rows(2000 + 500 * i, seed: line * 10 + i);
                var id = await BackUp(repository, content);
                committed[id] = (storage.Now, content);
            }
        }));

        var cuts = Enumerable.Range(0, Cuts).Select(cut => made + 1 + cut * (storage.Now - made) / (Cuts - 1)).ToList();
        Assert.True(cuts.Distinct().Count() > 40, "There are too few moments for the cuts to be different ones.");
        await Task.WhenAll(cuts.Select((moment, seed) => Task.Run(async () => await Expect(storage.After(moment, seed), moment, committed))));
    }

    [SkippableFact]
    public async Task Every_committed_snapshot_is_on_a_disk_of_which_only_what_was_synced_is_left()
    {
        await using var scratch = new ScratchFolder();
        var mounted = await Shell.Run(
            "cd \"$1\" && truncate -s 48M disk && mkfs.ext4 -q disk && mkdir here there && mount -o loop,commit=300 disk here 2>/dev/null && echo yes || true", scratch.Path);
        Skip.IfNot(mounted.StartsWith("yes", StringComparison.Ordinal), "A file system in a file can't be mounted here (it takes root and a loop device).");
        try
        {
            var puts = 0;
            var pulled = new List<int>();
            var committed = new ConcurrentDictionary<ObjectId, (int Moment, byte[] Content)>();
            // Every so many writes, in the middle of one: the disk as it is without what only the system's memory knows.
            var storage = new FailingStorage(await TestRepository.OpenStorage(scratch["here/repository"]));
            using var repository = await BackupRepository.Initialise(storage, TestRepository.Password, TestRepository.Cheap, TimeProvider.System, default);
            storage.OnPut = (_, _) =>
            {
                lock (pulled)
                {
                    if (++puts % 7 == 0)
                    {
                        pulled.Add(committed.Count);
                        File.WriteAllText(scratch[$"here/unsynced{pulled.Count}"], "never synced");
                        File.WriteAllBytes(scratch[$"image{pulled.Count}"], Still(scratch["disk"]));
                    }
                }
            };
            for (var i = 0; i < 10; i++)
            {
                var content = Some.Rows(1000 + 100 * i, seed: i);
                committed[await BackUp(repository, content)] = (i, content);
            }

            Assert.InRange(pulled.Count, 4, 12);
            var lost = 0;
            for (var i = 0; i < pulled.Count; i++)
            {
                await Shell.Run("mount -o loop \"$1\" \"$2\"", scratch[$"image{i + 1}"], scratch["there"]);
                try
                {
                    lost += File.Exists(scratch[$"there/unsynced{i + 1}"]) && File.ReadAllText(scratch[$"there/unsynced{i + 1}"]).Length > 0 ? 0 : 1;
                    await using var left = await TestRepository.OpenStorage(scratch["there/repository"]);
                    await Expect(left, pulled[i] - 1, committed);
                }
                finally
                {
                    await Unmount(scratch["there"]);
                }

                File.Delete(scratch[$"image{i + 1}"]);
            }

            // Else this would be a test of nothing; now and then the system writes by itself.
            Assert.True(lost > 0, "Nothing was ever lost, so nothing was tested.");
        }
        finally
        {
            await Unmount(scratch["here"]);
        }
    }

    // A program that another test starts holds what is open here until it runs: then it is busy for a moment.
    private static Task<string> Unmount(string folder) => Shell.Run("for i in 1 2 3 4 5; do umount \"$1\" 2>/dev/null && exit; sleep 0.3; done; umount --lazy \"$1\"", folder);

    /// <summary>The disk at one moment. Writes under way go on while it is read, and half of before with half of after is a disk that no power cut leaves.</summary>
    private static byte[] Still(string disk)
    {
        var before = File.ReadAllBytes(disk);
        for (var after = File.ReadAllBytes(disk); !after.AsSpan().SequenceEqual(before); after = File.ReadAllBytes(disk))
        {
            before = after;
        }

        return before;
    }

    private static async Task Expect(IStorageBackend left, int moment, ConcurrentDictionary<ObjectId, (int Moment, byte[] Content)> committed)
    {
        using var repository = await TestRepository.Open(left);
        var found = await repository.Snapshots(default).Select(snapshot => snapshot.Id).ToListAsync();
        Assert.Empty(committed.Where(commit => commit.Value.Moment <= moment && !found.Contains(commit.Key)).Select(commit => $"{commit.Key.Prefix} is lost by a cut at {moment}"));
        await Task.WhenAll(found.Select(async id =>
        {
            await using var snapshot = await repository.OpenSnapshot(id.ToString(), default);
            using var content = new MemoryStream();
            await snapshot.Dump(["rows"], content, default);
            Assert.Equal(committed[id].Content, content.ToArray());
        }));
        var report = await repository.Check(new CheckOptions { ReadData = true }, null, default);
        Assert.Empty(report.Problems.Select(problem => problem.Message));
    }

    private static async Task<ObjectId> BackUp(BackupRepository repository, byte[] content)
    {
        await using var session = await repository.BeginSnapshot(TestRepository.Options(), default);
        await session.AddStream(["rows"], new MemoryStream(content), ChunkProfile.Stream, default);
        return (await session.Commit(default)).Id;
    }
}
