using MedicineMan.Jobs.Monitoring;
using MedicineMan.Jobs.Pausing;
using MedicineMan.Jobs.Rows;
using MedicineMan.Jobs.TestWorker;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace MedicineMan.Jobs.Tests.Fixtures;

/// A database with a queue and as many workers as a test wants; each worker is a node of its own, with its own ears.
internal sealed class Rig : IAsyncDisposable
{
    public const string Org = "org";

    private readonly List<JobWorker> workers = [];

    private Rig(TestDatabase database, TimeProvider time)
    {
        (Database, Time) = (database, time);
        Changes = new JobChanges(database);
        Queue = new JobQueue(database, time, Changes);
        Monitor = new JobMonitor(database, time);
        Pauses = new JobPauses(database, time, Changes);
    }

    public static JobWorkerOptions Quick { get; } = new()
    {
        Concurrency = 4,
        Lease = TimeSpan.FromSeconds(2),
        Heartbeat = TimeSpan.FromMilliseconds(300),
        Report = TimeSpan.FromMilliseconds(300),
        PollInterval = TimeSpan.FromMilliseconds(50),
        RetryBase = TimeSpan.FromMilliseconds(20),
        RetryCap = TimeSpan.FromMilliseconds(200),
        StopGrace = TimeSpan.FromSeconds(2),
        Suspicion = TimeSpan.FromMilliseconds(200),
        MostCrashes = 100,
    };

    public TestDatabase Database { get; }

    public TimeProvider Time { get; }

    public FakeTimeProvider Fake => (FakeTimeProvider)Time;

    public JobChanges Changes { get; }

    public JobQueue Queue { get; }

    public JobMonitor Monitor { get; }

    public JobPauses Pauses { get; }

    public JobHandlers Handlers { get; } = new();

    public static async Task<Rig> Start(Task<TestDatabase> database, TimeProvider? time = null)
    {
        var rig = new Rig(await database, time ?? TimeProvider.System);
        await rig.Database.Migrate();
        return rig;
    }

    public void Handle(string type, Func<JobRun, CancellationToken, Task> run, JobPolicy? policy = null) =>
        Handlers.Register(new Handler(type, run, policy ?? JobPolicy.Default));

    /// A worker in this node, which hears the queue at once.
    public Task<JobWorker> Work(JobWorkerOptions? options = null) => Work(Database, Changes, options);

    /// A worker that shares nothing with this node but the database.
    public Task<JobWorker> WorkElsewhere(JobWorkerOptions? options = null, IJobDatabase? database = null) =>
        Work(database ?? Database, new JobChanges(database ?? Database), options);

    public Task<string> Enqueue(string type = "work", Func<JobRequest, JobRequest>? with = null, string arguments = "{}")
    {
        var request = new JobRequest(Org, type, arguments);
        return Database.Write(transaction => Queue.Enqueue(transaction, with?.Invoke(request) ?? request, default), default);
    }

    public Task<IReadOnlyList<string>> EnqueueMany(IEnumerable<JobRequest> requests) =>
        Database.Write(transaction => Queue.EnqueueMany(transaction, [.. requests], default), default);

    public Task<bool> Cancel(string id) => Database.Write(transaction => Queue.Cancel(transaction, Org, id, default), default);

    public Task<bool> Retry(string id) => Database.Write(transaction => Queue.Retry(transaction, Org, id, default), default);

    public async Task<JobRow> Job(string id) => (await Queue.Find(Org, id, default))!;

    public Task<IReadOnlyList<JobAttempt>> Attempts(string id) => Queue.Attempts(Org, id, default);

    public Task<JobRow> Until(string id, JobState state, int seconds = 20) => Until(id, job => job.State == state, seconds);

    /// Waits in real time for what must come.
    public async Task<JobRow> Until(string id, Func<JobRow, bool> condition, int seconds = 20)
    {
        var last = await Job(id);
        for (var end = DateTime.UtcNow.AddSeconds(seconds); !condition(last); last = await Job(id))
        {
            Assert.True(DateTime.UtcNow < end, $"Waited {seconds} s for a job that is still {last}");
            await Task.Delay(10);
        }

        return last;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in workers)
        {
            await worker.DisposeAsync();
        }

        await Database.DisposeAsync();
    }

    private async Task<JobWorker> Work(IJobDatabase database, JobChanges changes, JobWorkerOptions? options)
    {
        var worker = new JobWorker(database, changes, Handlers, (options ?? Quick) with { DatabaseClock = Time == TimeProvider.System }, Time, NullLogger<JobWorker>.Instance);
        workers.Add(worker);
        await worker.StartAsync(default);
        return worker;
    }

    private sealed class Handler(string type, Func<JobRun, CancellationToken, Task> run, JobPolicy policy) : IJobHandler
    {
        public string Type => type;

        public JobPolicy Policy => policy;

        public Task Run(JobRun job, CancellationToken cancel) => run(job, cancel);
    }
}
