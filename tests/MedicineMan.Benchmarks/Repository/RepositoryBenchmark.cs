using System.Globalization;
using MedicineMan.Testbed;

namespace MedicineMan.Benchmarks.Repository;

/// <summary>
/// The table of speed and size beside stock restic, and borg where it is installed: all in turn on the same bytes, on new repositories on the same
/// disk, restic without a cache, with their own key derivation counted in. <c>dump</c> is a dump's first backup, <c>patch</c> adds the dump after
/// changes, <c>daily</c> is a month of dumps, <c>files</c> is trees, and <c>repository</c> is all of them.
/// </summary>
internal static class RepositoryBenchmark
{
    private const int Runs = 3;

    /// <param name="kind">Which of the five.</param>
    /// <param name="arguments">How many MiB of data, how many runs, how many small files; each has a default.</param>
    public static async Task<int> Run(string kind, string[] arguments)
    {
        int Argument(int number, int otherwise) => arguments.Length > number ? int.Parse(arguments[number], CultureInfo.InvariantCulture) : otherwise;
        var folder = Directory.CreateTempSubdirectory("medicineman-bench-").FullName;
        try
        {
            var passwordFile = Path.Combine(folder, "password");
            await File.WriteAllTextAsync(passwordFile, "benchmark password\n");
            Contender[] contenders = [Contender.Ours(folder, passwordFile), Contender.Restic(folder, passwordFile), .. Programs.Find("borg") is null ? [] : new[] { Contender.Borg(folder, passwordFile) }];
            var rows = new Rows();
            if (kind is "files" or "repository")
            {
                var scenario = new FilesScenario(folder, (long)Argument(0, 2048) << 20, Argument(2, 100_000));
                scenario.Prepare();
                await InTurns(contenders, Argument(1, Runs), program => scenario.Measure(program, rows));
                scenario.Print(rows);
            }

            if (kind is "daily" or "repository")
            {
                // Thirty dumps are thirty runs: one month is enough.
                var scenario = new DailyScenario(folder, (long)(kind is "daily" ? Argument(0, 256) : 256) << 20);
                await InTurns(contenders, 1, program => scenario.Measure(program, rows));
                scenario.Print(rows);
            }

            if (kind is not ("files" or "daily"))
            {
                var withChanges = kind is not "dump";
                var scenario = new DumpScenario(folder, (long)Argument(0, 1024) << 20);
                scenario.Prepare(withChanges);
                await InTurns(contenders, Argument(1, Runs), program => scenario.Measure(program, rows, withChanges));
                scenario.Print(rows, withChanges);
            }

            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task InTurns(Contender[] contenders, int runs, Func<Contender, Task> measure)
    {
        for (var run = 0; run < runs; run++)
        {
            foreach (var contender in contenders)
            {
                await measure(contender);
            }
        }
    }
}
