using MedicineMan.Host.Data;
using MedicineMan.Jobs;
using Microsoft.Extensions.Logging.Abstractions;

namespace MedicineMan.Benchmarks.Jobs;

/// <summary>Our queue on the database as the host opens it, and all that the benchmark asks of the engine.</summary>
internal sealed class OurQueue : IAsyncDisposable
{
    private const int Bulk = 1000;

    private readonly JobQueue queue;
    private readonly JobChanges changes;

    private OurQueue(Database database)
    {
        Database = database;
        changes = new JobChanges(database);
        queue = new JobQueue(database, TimeProvider.System, changes);
    }

    public Database Database { get; }

    public static async Task<OurQueue> Open(string connectionString)
    {
        var database = new Database(connectionString);
        await new Migrator(database, TimeProvider.System).Migrate(CancellationToken.None);
        return new OurQueue(database);
    }

    public static JobRequest Request(int number, string organization = "flood") => new(organization, "noop", $$"""{"n":{{number}}}""");

    /// <summary>One job, committed when it returns.</summary>
    public Task<string> Enqueue(JobRequest request) => queue.Enqueue(request, CancellationToken.None);

    /// <summary>As many as asked for, a thousand in a transaction.</summary>
    public async Task EnqueueBulk(int count)
    {
        foreach (var requests in Enumerable.Range(0, count).Select(number => Request(number)).Chunk(Bulk))
        {
            await Database.Write(transaction => queue.EnqueueMany(transaction, requests, CancellationToken.None), CancellationToken.None);
        }
    }

    /// <summary>A page of a list as the list of jobs asks for it.</summary>
    public Task<JobPage> List(string organization, JobFilter filter, string? after) => queue.List(organization, filter, after, 50, CancellationToken.None);

    public Task<IReadOnlyDictionary<JobState, long>> Counts(string organization) => queue.Counts(organization, CancellationToken.None);

    public async Task<JobWorker> Work(IJobHandler handler, int concurrency)
    {
        var handlers = new JobHandlers();
        handlers.Register(handler);
        var worker = new JobWorker(Database, changes, handlers, new JobWorkerOptions { Concurrency = concurrency }, TimeProvider.System, NullLogger<JobWorker>.Instance);
        await worker.StartAsync(CancellationToken.None);
        return worker;
    }

    public ValueTask DisposeAsync() => Database.DisposeAsync();
}
