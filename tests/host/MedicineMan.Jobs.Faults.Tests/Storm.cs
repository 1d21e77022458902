using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;
using MedicineMan.Jobs.TestWorker;
using MedicineMan.Testbed;
using Npgsql;

namespace MedicineMan.Jobs.Faults.Tests;

/// Workers in processes of their own with always something to do, while whatever a test wants happens to them; afterwards the account is drawn up.
internal sealed class Storm : IAsyncDisposable
{
    public const string Org = "org";

    private const int Backlog = 120;
    private const string UnfinishedSql = "select count(*) from jobs where ended_at is null";

    private readonly TemporaryFolder folder = new("storm");
    private readonly ConcurrentDictionary<string, string> acknowledged = new(StringComparer.Ordinal);
    private int requested;

    private Storm(TestDatabase database)
    {
        Database = database;
        Queue = QueueOn(database);
    }

    public TestDatabase Database { get; private set; }

    public JobQueue Queue { get; private set; }

    public IReadOnlyList<WorkerProcess> Workers { get; private set; } = [];

    /// Jobs whose enqueueing was confirmed, with their organisation.
    public IReadOnlyDictionary<string, string> Acknowledged => acknowledged;

    /// How often something was done to the workers or the database.
    public int Blows { get; set; }

    public static async Task<Storm> Start(TestDatabase database, int workers, params (string Name, string Value)[] environment)
    {
        var storm = new Storm(database);
        await database.Migrate();
        // The newest token the job had when a run acted: acting under another one would be what must not happen.
        await database.Execute("create table acts (job_id text not null, token bigint not null, newest bigint not null)");
        await database.Execute("create table refusals (job_id text not null)");
        storm.Workers = [.. Enumerable.Range(0, workers).Select(number => new WorkerProcess(database, storm.folder[$"node{number}"]))];
        foreach (var worker in storm.Workers)
        {
            foreach (var (name, value) in environment)
            {
                worker.Environment[name] = value;
            }

            worker.Start();
        }

        return storm;
    }

    /// Lets it blow for so long, with jobs coming in all the time, and puts everything right again.
    public async Task Blow(TimeSpan time, params Func<Storm, CancellationToken, Task>[] troubles)
    {
        await Until(async () => await Database.Query<long>("select count(*) from effects") > 0 || await Feed(), TimeSpan.FromSeconds(60), "No worker came up.");
        using var end = new CancellationTokenSource(time);
        await Task.WhenAll(troubles.Select(trouble => Task.Run(() => trouble(this, end.Token))).Append(Feeding(end.Token)));
        foreach (var worker in Workers.Where(worker => worker.HasDied))
        {
            worker.Start();
        }

        // The account is drawn up over connections that nobody has cut.
        var fresh = new TestDatabase(Database.Dialect, Database.ConnectionString);
        await Database.DisposeAsync();
        (Database, Queue) = (fresh, QueueOn(fresh));
    }

    /// A worker at random whose turn it is, with nobody else at it.
    public async Task WithOne(Func<WorkerProcess, Task> act)
    {
        var worker = Workers[Random.Shared.Next(Workers.Count)];
        await worker.Turn.WaitAsync();
        try
        {
            await act(worker);
            Blows++;
        }
        finally
        {
            worker.Turn.Release();
        }
    }

    public static async Task Until(Func<Task<bool>> holds, TimeSpan patience, string otherwise)
    {
        for (var clock = Stopwatch.StartNew(); !await holds();)
        {
            Assert.True(clock.Elapsed < patience, otherwise);
            await Task.Delay(100);
        }
    }

    /// The database may be away; that is no news here.
    public static bool IsBroken(Exception exception) => exception is DbException or IOException or TimeoutException or System.Net.Sockets.SocketException or ObjectDisposedException;

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in Workers)
        {
            worker.Dispose();
        }

        await Database.DisposeAsync();
        folder.Dispose();
    }

    private static JobQueue QueueOn(TestDatabase database) => new(database, TimeProvider.System, new JobChanges(database));

    private async Task Feeding(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await Feed();
            }
            catch (Exception exception) when (IsBroken(exception))
            {
                // What was not acknowledged may be there or not.
            }

            await Task.Delay(50, CancellationToken.None);
        }
    }

    private async Task<bool> Feed()
    {
        for (var wanted = Backlog - await Database.Query<long>(UnfinishedSql); wanted > 0; wanted--)
        {
            var request = Request(requested++);
            var id = await Database.Write(transaction => Queue.Enqueue(transaction, request, default), default);
            acknowledged[id] = request.Organization;
        }

        return false;
    }

    // Of two organisations; some share a key, some go first, some come later.
    private static JobRequest Request(int number) => new(number % 5 == 0 ? "other" : Org, "effect", $$"""{"n":{{number}}}""")
    {
        MaxAttempts = 1_000,
        ConcurrencyKey = number % 8 == 0 ? $"server {number % 3}" : null,
        Priority = number % 7 == 0 ? 3 : 0,
        NotBefore = number % 11 == 0 ? TimeProvider.System.GetUtcNow().AddMilliseconds(500) : null,
    };
}
