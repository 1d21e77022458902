using System.Globalization;

namespace MedicineMan.Benchmarks.Repository;

/// <summary>
/// First backup of a database dump stream, reading it back, and checking every byte: stock restic and ours in turn on the same bytes. Both read the
/// dump from a pipe, both on a new repository on the same disk, both without a cache, both with their own key derivation counted in.
/// </summary>
internal static class RepositoryBenchmark
{
    private const long Bytes = 1L << 30;
    private const int Runs = 3;

    public static async Task<int> Run(string[] arguments)
    {
        var bytes = arguments.Length > 0 ? long.Parse(arguments[0], CultureInfo.InvariantCulture) << 20 : Bytes;
        var folder = Directory.CreateTempSubdirectory("medicineman-bench-").FullName;
        try
        {
            return await Run(folder, bytes);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<int> Run(string folder, long bytes)
    {
        var dump = Path.Combine(folder, "dump.sql");
        await using (var file = File.Create(dump))
        {
            DumpText.Write(file, bytes);
        }

        var passwordFile = Path.Combine(folder, "password");
        await File.WriteAllTextAsync(passwordFile, "benchmark password\n");
        Contender[] contenders = [Contender.Ours(folder, passwordFile), Contender.Restic(folder, passwordFile)];
        for (var run = 0; run < Runs; run++)
        {
            foreach (var contender in contenders)
            {
                await contender.Measure(dump);
            }
        }

        var (ours, restic) = (contenders[0], contenders[1]);
        var mebibytes = new FileInfo(dump).Length / 1048576.0;
        Figure.Print("repository.backup.speed", mebibytes / ours.BackupSeconds, mebibytes / restic.BackupSeconds, ">=1.5", "MiB/s");
        Figure.Print("repository.backup.processor", ours.ProcessorSeconds, restic.ProcessorSeconds, "<=0.67", "s");
        Figure.Print("repository.backup.size", ours.Size / 1048576.0, restic.Size / 1048576.0, "<=1.02", "MiB");
        Figure.Print("repository.restore.speed", mebibytes / ours.DumpSeconds, mebibytes / restic.DumpSeconds, ">=1.3", "MiB/s");
        Figure.Print("repository.check.speed", mebibytes / ours.CheckSeconds, mebibytes / restic.CheckSeconds, ">=1.3", "MiB/s");
        Figure.Print("repository.backup.memory", ours.PeakMebibytes, null, "<=300", "MiB");
        return 0;
    }
}
