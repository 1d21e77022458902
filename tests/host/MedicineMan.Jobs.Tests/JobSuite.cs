using MedicineMan.Jobs.TestWorker;
using Microsoft.Extensions.Time.Testing;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Tests;

/// What the queue promises, on every database it runs on.
public abstract partial class JobSuite
{
    protected abstract Task<TestDatabase> NewDatabase();

    private Task<Rig> Start() => Rig.Start(NewDatabase());

    private Task<Rig> StartOnFakeClock() => Rig.Start(NewDatabase(), new FakeTimeProvider(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero)));

    private static Task Forever(CancellationToken cancel) => Task.Delay(Timeout.Infinite, cancel);
}
