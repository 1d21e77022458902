using MedicineMan.Jobs;
using MedicineMan.Jobs.TestWorker;
using Microsoft.Extensions.Logging.Abstractions;

// A worker in a process of its own, for tests that kill it: <dialect> <node file>, the connection string on the first line of standard input.
// Says "working" when it works and stops in good order when standard input ends.
var dialect = Enum.Parse<SqlDialect>(args[0]);
await using var database = new TestDatabase(dialect, Console.In.ReadLine()!);
var changes = new JobChanges(database);
var handlers = new JobHandlers();
handlers.Register(new CountHandler(database, () => TimeSpan.FromMilliseconds(Random.Shared.Next(5, 120))));
var options = new JobWorkerOptions
{
    Concurrency = 4,
    NodeFile = args[1],
    Lease = TimeSpan.FromSeconds(3),
    Heartbeat = TimeSpan.FromMilliseconds(500),
    Report = TimeSpan.FromMilliseconds(500),
    PollInterval = TimeSpan.FromMilliseconds(100),
    RetryBase = TimeSpan.FromMilliseconds(50),
    RetryCap = TimeSpan.FromSeconds(1),
    Suspicion = TimeSpan.FromMilliseconds(200),
    MostCrashes = 100,
};
await using var worker = new JobWorker(database, changes, handlers, options, TimeProvider.System, NullLogger<JobWorker>.Instance);
await worker.StartAsync(CancellationToken.None);
Console.Out.WriteLine("working");
await Console.In.ReadToEndAsync();
await worker.StopAsync(CancellationToken.None);
