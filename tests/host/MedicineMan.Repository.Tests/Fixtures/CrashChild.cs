using System.Globalization;
using MedicineMan.Repository.Chunking;
using MedicineMan.Repository.Pruning;
using MedicineMan.Repository.Repairing;
using MedicineMan.Repository.Retention;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Repository.Tests.Fixtures;

/// <summary>This assembly as a program: backs up, forgets, prunes and repairs again and again until it is killed, and names each step before it.</summary>
public static class CrashChild
{
    /// <summary>What a snapshot of this name holds.</summary>
    public static (byte[] Noise, byte[] Rows) Content(int seed)
    {
        var random = new Random(seed);
        // Some of it again and again, so that packs are needed in part.
        return (Some.Noise(random.Next(200_000, 4_000_000), random.Next(5)), Some.Rows(random.Next(2_000, 20_000), random.Next()));
    }

    public static async Task BackUp(BackupRepository repository, int seed)
    {
        var (noise, rows) = Content(seed);
        await using var session = await repository.BeginSnapshot(TestRepository.Options() with { Tags = [seed.ToString(CultureInfo.InvariantCulture)] }, default);
        await session.AddStream(["noise"], new MemoryStream(noise), ChunkProfile.Stream, default);
        await session.AddStream(["rows"], new MemoryStream(rows), ChunkProfile.Stream, default);
        await session.Commit(default);
    }

    public static async Task<int> Main(string[] arguments)
    {
        if (arguments[0] is RestoreChild.Name)
        {
            return await RestoreChild.Run(arguments[1], arguments[2]);
        }

        if (arguments[0] is Chore.Copy or Chore.Migrate or Chore.Repair)
        {
            return await DoChore(arguments[0], arguments[1], arguments[2]);
        }

        var random = new Random(int.Parse(arguments[1], CultureInfo.InvariantCulture));
        await using var storage = await TestRepository.OpenStorage(arguments[0]);
        using var repository = await TestRepository.Open(storage);
        Console.WriteLine("ready");
        while (true)
        {
            Console.WriteLine("backup");
            await BackUp(repository, random.Next());
            Console.WriteLine("forget");
            await repository.Upkeep.Forget(new ForgetOptions { Rule = new RetentionRule { Last = 3, KeepOldest = false } }, default);
            Console.WriteLine("prune");
            await repository.Upkeep.Prune(new PruneOptions { MaxUnused = UnusedLimit.Bytes(0) }, null, default);
            Console.WriteLine("repair index");
            await repository.Upkeep.RepairIndex(new RepairOptions { ReadAllPacks = true }, null, default);
            Console.WriteLine("repair packs");
            await repository.Upkeep.RepairPacks(new RepairOptions { Packs = [await AnyPack(storage)] }, null, default);
        }
    }

    private static async Task<int> DoChore(string name, string folder, string sourceFolder)
    {
        await using var storage = await TestRepository.OpenStorage(folder);
        using var repository = await TestRepository.Open(storage);
        await using var from = await TestRepository.OpenStorage(sourceFolder);
        using var source = name is Chore.Copy ? await TestRepository.Open(from) : null;
        Console.WriteLine("ready");
        await Chore.Run(name, repository, source);
        return 0;
    }

    // A whole one: what is carried over must be all of it.
    private static async Task<string> AnyPack(IStorageBackend storage) => (await storage.ListAsync("data/", default).FirstAsync()).Key[8..];
}
