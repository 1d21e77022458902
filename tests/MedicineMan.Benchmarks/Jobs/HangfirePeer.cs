using System.Diagnostics;
using Hangfire;
using Hangfire.InMemory;
using Hangfire.PostgreSql;
using Hangfire.Storage;

namespace MedicineMan.Benchmarks.Jobs;

/// <summary>Hangfire at the same work, on the storage it is given.</summary>
internal static class HangfirePeer
{
    private const int Workers = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static int left;
    private static TaskCompletionSource finished = new();

    public static JobStorage InMemory() => new InMemoryStorage();

    public static JobStorage OnPostgres(string connectionString) =>
        new PostgreSqlStorage(new Hangfire.PostgreSql.Factories.NpgsqlConnectionFactory(connectionString, new PostgreSqlStorageOptions()));

    /// <summary>Jobs a second from the start of a server to the last one finished, of a backlog that is there already.</summary>
    public static async Task<double> Process(JobStorage storage, int count)
    {
        Enqueue(storage, count, Workers);
        (left, finished) = (count, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var clock = Stopwatch.StartNew();
        using var server = new BackgroundJobServer(new BackgroundJobServerOptions { WorkerCount = Workers }, storage);
        await finished.Task.WaitAsync(Patience);
        return count / clock.Elapsed.TotalSeconds;
    }

    /// <summary>Jobs a second from callers that enqueue one by one, each on a thread of its own: Hangfire blocks.</summary>
    public static double Enqueue(JobStorage storage, int count, int callers)
    {
        var client = new BackgroundJobClient(storage);
        var waiting = count;
        var threads = Enumerable.Range(0, callers).Select(_ => new Thread(() =>
        {
            while (Interlocked.Decrement(ref waiting) >= 0)
            {
                client.Enqueue(() => Nothing());
            }
        })).ToList();
        var clock = Stopwatch.StartNew();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        return count / clock.Elapsed.TotalSeconds;
    }

    public static void Nothing()
    {
        if (Interlocked.Decrement(ref left) == 0)
        {
            finished.TrySetResult();
        }
    }
}
