using System.Text.Json;
using MedicineMan.Plugins.LocalStorage;
using MedicineMan.Repository;
using MedicineMan.Repository.Chunking;

namespace MedicineMan.Benchmarks.Repository;

/// <summary>Our side of the benchmark in a process of its own, so that its peak memory can be read: standard input to a snapshot.</summary>
internal static class RepositoryChild
{
    public const string Verb = "repository-child";

    public static async Task<int> Run(string[] arguments)
    {
        var (verb, path, passwordFile) = (arguments[0], arguments[1], arguments[2]);
        var password = (await File.ReadAllTextAsync(passwordFile)).TrimEnd('\n');
        await using var storage = await new LocalStorageProvider().OpenAsync(JsonSerializer.SerializeToElement(new { path }), default);
        if (verb is "init")
        {
            (await BackupRepository.Initialise(storage, password, default)).Dispose();
            return 0;
        }

        using var repository = await BackupRepository.Open(storage, password, default);
        switch (verb)
        {
            case "backup":
                await using (var session = await repository.BeginSnapshot(new SnapshotOptions { Host = "bench", Paths = ["/dump.sql"] }, default))
                {
                    await session.AddStream(["dump.sql"], Console.OpenStandardInput(), ChunkProfile.Stream, default);
                    await session.Commit(default);
                }

                break;
            case "dump":
                await using (var snapshot = await repository.OpenSnapshot("latest", default))
                {
                    await using var output = Console.OpenStandardOutput();
                    await snapshot.Dump(["dump.sql"], output, default);
                }

                break;
            default:
                return (await repository.Check(new CheckOptions { ReadData = true }, null, default)).Passed ? 0 : 1;
        }

        var peak = File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM", StringComparison.Ordinal));
        await Console.Error.WriteLineAsync(peak);
        return 0;
    }
}
