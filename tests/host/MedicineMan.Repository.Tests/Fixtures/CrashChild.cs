using MedicineMan.Repository.Chunking;

namespace MedicineMan.Repository.Tests.Fixtures;

/// <summary>This assembly as a program: backs up again and again until it is killed.</summary>
public static class CrashChild
{
    public static async Task<int> Main(string[] arguments)
    {
        var random = new Random(int.Parse(arguments[1], System.Globalization.CultureInfo.InvariantCulture));
        await using var storage = await TestRepository.OpenStorage(arguments[0]);
        using var repository = await TestRepository.Open(storage);
        Console.WriteLine("ready");
        while (true)
        {
            await using var session = await repository.BeginSnapshot(TestRepository.Options(), default);
            await session.AddStream(["noise"], new MemoryStream(Some.Noise(random.Next(40_000_000), random.Next())), ChunkProfile.Stream, default);
            await session.AddStream(["rows"], new MemoryStream(Some.Rows(random.Next(50_000), random.Next())), ChunkProfile.Stream, default);
            await session.Commit(default);
        }
    }
}
