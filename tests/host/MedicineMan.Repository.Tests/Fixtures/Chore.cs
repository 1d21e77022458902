using System.Buffers;
using System.Globalization;
using System.Text.Json.Nodes;
using MedicineMan.Repository.Chunking;
using MedicineMan.Repository.Copying;
using MedicineMan.Repository.Repairing;
using MedicineMan.Repository.Storing;
using MedicineMan.Sdk.Storage;
using MedicineMan.Sdk.Testing.Storage;

namespace MedicineMan.Repository.Tests.Fixtures;

/// <summary>Work on a repository that can be broken off at any point: what it starts from, and what must be true whenever it ends.</summary>
internal sealed class Chore
{
    public const string Copy = "copy";
    public const string Migrate = "migrate";
    public const string Repair = "repair snapshots";
    private const int Snapshots = 3;

    private Chore(string name, MemoryStorage source, MemoryStorage start) => (Name, Source, Start) = (name, source, start);

    public string Name { get; }

    /// <summary>What a copy is made of.</summary>
    public MemoryStorage Source { get; }

    /// <summary>What it is done to.</summary>
    public MemoryStorage Start { get; }

    public static async Task<Chore> Make(string name)
    {
        var (source, start) = (new MemoryStorage(), new MemoryStorage());
        using var repository = await BackupRepository.Initialise(name is Copy ? source : start, TestRepository.Password, TestRepository.Cheap, TimeProvider.System, default);
        for (var i = 0; i < Snapshots; i++)
        {
            // What is kept lies in packs of its own, so that others can be lost without it.
            var alone = await BackUp(repository, i, withRest: false);
            await BackUp(repository, i, withRest: true);
            (name is Copy ? source : start).Objects.TryRemove(ObjectStore.Snapshots + alone, out _);
        }

        switch (name)
        {
            case Copy:
                (await BackupRepository.Initialise(start, TestRepository.Password, TestRepository.Cheap, TimeProvider.System, default)).Dispose();
                break;
            case Migrate:
                await MakeOld(start);
                break;
            case Repair:
                await LoseSome(start);
                break;
        }

        return new Chore(name, source, start);
    }

    public static Task Run(string name, BackupRepository repository, BackupRepository? source) => name switch
    {
        Copy => source!.View.CopyTo(repository, new CopyOptions(), null, default),
        Migrate => repository.Upkeep.Upgrade(TimeSpan.Zero, default),
        _ => repository.Upkeep.RepairSnapshots(new RepairOptions { Forget = true }, null, default),
    };

    public static async Task Put(MemoryStorage from, IStorageBackend to)
    {
        foreach (var (key, content) in from.Objects)
        {
            await to.PutAsync(key, new ReadOnlySequence<byte>(content), default);
        }
    }

    /// <summary>What is there restores, and nothing is gone that was there; when the chore has ended, it is done.</summary>
    public async Task Expect(IStorageBackend left, bool isDone, bool locksAreOfTheDead = false)
    {
        using var repository = await BackupRepository.Open(left, TestRepository.Password, TestRepository.Cheap, new HastyClock(), default);
        if (!locksAreOfTheDead)
        {
            // Whoever held them is this process, which lives; after a real power cut it would be known to be dead.
            await repository.Upkeep.Unlock(all: true, dryRun: false, default);
        }

        var seen = new HashSet<string>();
        await foreach (var snapshot in repository.Snapshots(default))
        {
            var number = int.Parse(snapshot.Tags[0], CultureInfo.InvariantCulture);
            seen.Add(snapshot.Tags[0]);
            await using var tree = await repository.OpenSnapshot(snapshot.Id.ToString(), default);
            using var content = new MemoryStream();
            await tree.Dump(["sub", "keep"], content, default);
            Assert.True(Kept(number).AsSpan().SequenceEqual(content.ToArray()), $"Snapshot {snapshot.Id.Prefix} holds something else.");
        }

        if (Name is not Copy || isDone)
        {
            Assert.Equal(Snapshots, seen.Count);
        }

        if (Name is not Repair || isDone)
        {
            Assert.Empty((await repository.Check(new CheckOptions { ReadData = true }, null, default)).Problems.Select(problem => problem.Message));
        }

        Assert.Equal(Name is Migrate && !isDone ? repository.Version : 2, repository.Version);
    }

    private static async Task<ObjectId> BackUp(BackupRepository repository, int number, bool withRest)
    {
        await using var session = await repository.BeginSnapshot(TestRepository.Options() with { Tags = [number.ToString(CultureInfo.InvariantCulture)] }, default);
        await session.AddStream(["sub", "keep"], new MemoryStream(Kept(number)), ChunkProfile.Stream, default);
        if (withRest)
        {
            await session.AddStream(["rest"], new MemoryStream(Some.Noise(300_000, seed: number)), ChunkProfile.Stream, default);
        }

        return (await session.Commit(default)).Id;
    }

    private static byte[] Kept(int number) => Some.Rows(2000 + 500 * number, seed: number);

    // As if an old restic had made it; what is in the packs does not matter to an upgrade.
    private static async Task MakeOld(MemoryStorage storage)
    {
        var (master, _, _) = await RepositoryKeys.Open(storage, TestRepository.Password, default);
        using var store = new ObjectStore(storage, master!, 2, TimeProvider.System);
        var config = store.Unseal(storage.Objects[ObjectStore.Config], ObjectStore.Config, static plain => JsonNode.Parse(plain.Span))!;
        config["version"] = 1;
        storage.Objects[ObjectStore.Config] = store.Seal(System.Text.Encoding.UTF8.GetBytes(config.ToJsonString()));
    }

    // Packs that hold nothing but noise.
    private static async Task LoseSome(MemoryStorage storage)
    {
        foreach (var pack in storage.Objects.Where(one => one.Key.StartsWith(ObjectStore.Data, StringComparison.Ordinal)).OrderByDescending(one => one.Value.Length).Take(2).ToList())
        {
            storage.Objects.TryRemove(pack.Key, out _);
        }

        using var repository = await TestRepository.Open(storage);
        await repository.Upkeep.RepairIndex(new RepairOptions(), null, default);
    }
}
