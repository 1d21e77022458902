using MedicineMan.Testbed;
using Npgsql;

namespace MedicineMan.Benchmarks.Jobs;

/// <summary>The servers and sizes of one run of the benchmark.</summary>
internal sealed class JobsBench : IAsyncDisposable
{
    private readonly PostgresServer postgres;
    private readonly TemporaryFolder folder;
    private int databases;

    private JobsBench(PostgresServer postgres, BullMqPeer bullMq, TemporaryFolder folder)
    {
        (this.postgres, BullMq, this.folder) = (postgres, bullMq, folder);
    }

    public BullMqPeer BullMq { get; }

    public required int Jobs { get; init; }

    public required int Runs { get; init; }

    public required int Finished { get; init; }

    public required int Burst { get; init; }

    public static async Task<JobsBench> Start(int jobs, int runs, int finished, int burst)
    {
        var bullMq = await BullMqPeer.Start();
        // What PostgreSQL does by default: each commit is flushed. Only the log may grow larger between two checkpoints, so that none falls into a run by chance.
        var postgres = await PostgresServer.Start("fsync=on\nsynchronous_commit=on\nmax_wal_size=4GB\nmax_connections=150");
        return new JobsBench(postgres, bullMq, new TemporaryFolder("bench-jobs")) { Jobs = jobs, Runs = runs, Finished = finished, Burst = burst };
    }

    /// <summary>Our queue on a database of its own, dropped afterwards.</summary>
    public Task<T> Postgres<T>(Func<OurQueue, Task<T>> measure) => Database(async connection => { await using var queue = await OurQueue.Open(connection); return await measure(queue); });

    /// <summary>A database of its own, dropped afterwards.</summary>
    public async Task<T> Database<T>(Func<string, Task<T>> measure)
    {
        var name = $"bench{++databases}";
        await postgres.Execute($"create database {name}");
        try
        {
            return await measure(new NpgsqlConnectionStringBuilder(postgres.ConnectionString(name)) { Pooling = true, MaxPoolSize = 100 }.ConnectionString);
        }
        finally
        {
            await postgres.Execute($"drop database {name} with (force)");
        }
    }

    /// <summary>Our queue on a file of its own.</summary>
    public async Task<T> Sqlite<T>(Func<OurQueue, Task<T>> measure)
    {
        await using var queue = await OurQueue.Open($"Data Source={folder[$"bench{++databases}.db"]}");
        return await measure(queue);
    }

    /// <summary>Each measure once in every round, in turn; the median of each.</summary>
    public async Task<double[]> Alternate(params Func<Task<double>>[] measures)
    {
        var results = measures.Select(_ => new List<double>()).ToArray();
        for (var run = 0; run < Runs; run++)
        {
            for (var measure = 0; measure < measures.Length; measure++)
            {
                results[measure].Add(await measures[measure]());
            }
        }

        return [.. results.Select(result => result.Order().ElementAt(result.Count / 2))];
    }

    /// <summary>The value that this share of the figures stays under.</summary>
    public static double Percentile(IEnumerable<double> figures, double share)
    {
        var sorted = figures.Order().ToList();
        return sorted[Math.Min(sorted.Count - 1, (int)(sorted.Count * share))];
    }

    public async ValueTask DisposeAsync()
    {
        await BullMq.DisposeAsync();
        await postgres.DisposeAsync();
        folder.Dispose();
    }
}
