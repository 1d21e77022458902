using System.Globalization;

namespace MedicineMan.Benchmarks.Jobs;

/// <summary>The job queue beside BullMQ on Redis and Hangfire, all installed and started in this run, each run of ours next to one of theirs.</summary>
internal static class JobsBenchmark
{
    /// <param name="arguments">Jobs of a run, runs, finished jobs in the table, jobs of a burst or a flood.</param>
    public static async Task<int> Run(string[] arguments)
    {
        var numbers = arguments.Select(number => int.Parse(number, CultureInfo.InvariantCulture)).ToArray();
        int Number(int place, int otherwise) => numbers.Length > place ? numbers[place] : otherwise;
        await using var bench = await JobsBench.Start(Number(0, 50_000), Number(1, 3), Number(2, 1_000_000), Number(3, 100_000));
        await OnPostgres.Run(bench);
        await OnSqlite.Run(bench);
        return 0;
    }
}
