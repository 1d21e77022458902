using MedicineMan.Repository.Caching;
using MedicineMan.Repository.Pruning;
using MedicineMan.Repository.Retention;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Sdk.Testing.Storage;

namespace MedicineMan.Repository.Tests.Upkeep;

public sealed class CacheTests
{
    [Fact]
    public async Task Index_and_snapshots_are_read_from_the_storage_once_and_a_damaged_copy_does_no_harm()
    {
        FailingStorage? storage = null;
        await using var ours = await TestRepository.Create(inner => storage = new FailingStorage(inner));
        var first = await ours.BackUp(("rows", Some.Rows(1000)));
        Assert.Equal(Some.Rows(1000), await Read(ours, first.Id));
        var read = new List<string>();
        storage!.OnRead = key => { if (key.StartsWith("index/", StringComparison.Ordinal) || key.StartsWith("snapshots/", StringComparison.Ordinal)) { read.Add(key); } };

        Assert.Equal(Some.Rows(1000), await Read(ours, first.Id));
        Assert.Empty(read);

        foreach (var copy in Directory.GetFiles(Cache(ours), "*", SearchOption.AllDirectories))
        {
            File.WriteAllBytes(copy, [.. File.ReadAllBytes(copy).Select(value => (byte)(value ^ 1))]);
        }

        Assert.Equal(Some.Rows(1000), await Read(ours, first.Id));
        Assert.Equal(2, read.Count);
        read.Clear();
        Assert.Equal(Some.Rows(1000), await Read(ours, first.Id));
        Assert.Empty(read);
    }

    [Fact]
    public async Task Listings_of_folders_are_read_from_the_storage_once_and_go_from_the_cache_with_their_packs()
    {
        MeteredStorage? storage = null;
        await using var ours = await TestRepository.Create(inner => storage = new MeteredStorage(inner));
        for (var i = 0; i < 400; i++)
        {
            ours.Scratch.Write($"source/{i / 20}/{i}/{i}.txt", $"{i}");
        }

        var first = await ours.BackUpFolder(ours.Scratch["source"]);
        var names = await Walk(ours);
        Assert.Equal(1 + 20 + 400 + 400, names.Count(name => name.Contains("/source", StringComparison.Ordinal)));
        var before = storage!.Reads;

        Assert.Equal(names, await Walk(ours));
        Assert.Equal(before, storage.Reads);

        var at = 0;
        foreach (var copy in Directory.GetFiles(Path.Combine(Cache(ours), "data"), "*", SearchOption.AllDirectories))
        {
            // Damaged, every second one cut short too.
            File.WriteAllBytes(copy, [.. File.ReadAllBytes(copy).Select(value => (byte)(value ^ 1)).Skip(at++ % 2 * 40)]);
        }

        Assert.Equal(names, await Walk(ours));
        Assert.InRange(storage.Reads - before, 1, 20);
        before = storage.Reads;
        Assert.Equal(names, await Walk(ours));
        Assert.Equal(before, storage.Reads);

        await ours.BackUp(("rows", Some.Rows(1000)));
        await ours.Repository.Upkeep.Forget(new ForgetOptions { Names = [first.Id.ToString()], Guards = RetentionGuards.None }, default);
        await ours.Repository.Upkeep.Prune(new PruneOptions(), null, default);
        Assert.NotEqual(names, await Walk(ours));
        Assert.Single(Directory.GetFiles(Path.Combine(Cache(ours), "data"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_check_sees_the_damage_that_a_copy_would_hide_and_what_others_removed_goes_from_the_cache()
    {
        await using var ours = await TestRepository.Create();
        var first = await ours.BackUp(("rows", Some.Rows(1000)));
        await ours.BackUp(("rows", Some.Rows(2000)));
        await Read(ours, first.Id);
        Assert.Equal(2, Directory.GetFiles(Path.Combine(Cache(ours), "index")).Length);

        await ours.Repository.Upkeep.Prune(new PruneOptions(), null, default);
        await Read(ours, first.Id);
        Assert.Single(Directory.GetFiles(Path.Combine(Cache(ours), "index")));

        var index = Directory.GetFiles(Path.Combine(ours.Folder, "index")).Single();
        var content = File.ReadAllBytes(index);
        content[^1] ^= 1;
        File.WriteAllBytes(index, content);
        using var cached = await Open(ours);
        Assert.Equal(Some.Rows(1000), await Read(ours, first.Id));
        Assert.True((await cached.Check(new CheckOptions(), null, default)).Counts.ContainsKey(DamageKind.BrokenIndex));
    }

    [Fact]
    public async Task A_cache_that_cannot_be_written_is_as_good_as_none()
    {
        await using var ours = await TestRepository.Create();
        var first = await ours.BackUp(("rows", Some.Rows(1000)));
        ours.Scratch.Write("cache", "a file where a folder should be");
        Assert.Equal(Some.Rows(1000), await Read(ours, first.Id));
    }

    [Fact]
    public async Task Caches_are_listed_and_those_not_used_for_long_are_removed()
    {
        await using var ours = await TestRepository.Create();
        var first = await ours.BackUp(("rows", Some.Rows(1000)));
        await Read(ours, first.Id);
        Directory.CreateDirectory(ours.Scratch["cache/something else"]);
        var cache = Assert.Single(RepositoryCaches.List(ours.Scratch["cache"]));
        Assert.Equal(ours.Repository.Id, cache.Repository);
        Assert.True(cache.Bytes > 100);
        Assert.Empty(RepositoryCaches.RemoveUnusedSince(ours.Scratch["cache"], cache.LastUsed.AddDays(-1), dryRun: false));
        Assert.Single(RepositoryCaches.RemoveUnusedSince(ours.Scratch["cache"], cache.LastUsed.AddDays(1), dryRun: true));
        Assert.Single(RepositoryCaches.RemoveUnusedSince(ours.Scratch["cache"], cache.LastUsed.AddDays(1), dryRun: false));
        Assert.Empty(RepositoryCaches.List(ours.Scratch["cache"]));
        Assert.True(Directory.Exists(ours.Scratch["cache/something else"]));
    }

    private static async Task<List<string>> Walk(TestRepository ours)
    {
        using var repository = await Open(ours);
        await using var tree = await repository.OpenSnapshot("latest", default);
        var names = new List<string>();
        await Below([]);
        return names;

        async Task Below(string[] path)
        {
            foreach (var node in await tree.List(path, default))
            {
                names.Add($"/{string.Join('/', path)}/{node.Name}");
                if (node.IsDirectory)
                {
                    await Below([.. path, node.Name]);
                }
            }
        }
    }

    private static string Cache(TestRepository ours) => Path.Combine(ours.Scratch["cache"], ours.Repository.Id);

    private static Task<BackupRepository> Open(TestRepository ours) =>
        BackupRepository.Open(ours.Storage, TestRepository.Password, TestRepository.Cheap, TimeProvider.System, default, ours.Scratch["cache"]);

    private static async Task<byte[]> Read(TestRepository ours, ObjectId snapshot)
    {
        using var repository = await Open(ours);
        await using var tree = await repository.OpenSnapshot(snapshot.ToString(), default);
        using var content = new MemoryStream();
        await tree.Dump(["rows"], content, default);
        return content.ToArray();
    }
}
