using System.Data.Common;
using System.Globalization;
using MedicineMan.Jobs;
using MedicineMan.Jobs.FaultWorker;
using MedicineMan.Jobs.TestWorker;

// A worker in a process of its own, for tests that ill-treat it: <dialect> <node file> <jobs at once>, the connection string on the first line of standard
// input. Says "working" when it works; a line with a number of seconds sets its clock off by so much, and the end of the input stops it in good order.
await using var database = new TestDatabase(Enum.Parse<SqlDialect>(args[0]), Console.In.ReadLine()!);
var clock = new JumpingClock();
var handlers = new JobHandlers();
handlers.Register(new EffectHandler(database));
foreach (var handler in Misbehaving.All)
{
    handlers.Register(handler);
}

var options = new JobWorkerOptions
{
    Concurrency = int.Parse(args[2], CultureInfo.InvariantCulture),
    NodeFile = args[1],
    Lease = TimeSpan.FromSeconds(2),
    Heartbeat = TimeSpan.FromMilliseconds(500),
    Report = TimeSpan.FromMilliseconds(500),
    PollInterval = TimeSpan.FromMilliseconds(100),
    RetryBase = TimeSpan.FromMilliseconds(50),
    RetryCap = TimeSpan.FromSeconds(1),
    Grace = TimeSpan.FromSeconds(1),
    Drain = TimeSpan.FromSeconds(2),
    StopGrace = TimeSpan.FromSeconds(1),
};
await using var worker = await Start();
Console.Out.WriteLine("working");
while (await Console.In.ReadLineAsync() is { } seconds)
{
    clock.Offset = TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture));
}

await worker.StopAsync(CancellationToken.None);

// A database that is just being restarted keeps a process from starting; whoever looks after it would start it again.
async Task<JobWorker> Start()
{
    while (true)
    {
        var starting = new JobWorker(database, new JobChanges(database), handlers, options, clock, new StandardErrorLog());
        try
        {
            await starting.StartAsync(CancellationToken.None);
            return starting;
        }
        catch (DbException)
        {
            // Not disposed: that would ask the database as well.
            await Task.Delay(200);
        }
    }
}
