namespace MedicineMan.Benchmarks.Jobs;

/// <summary>SQLite with a flush on every commit, as the host opens it, beside Hangfire in memory, which keeps nothing.</summary>
internal static class OnSqlite
{
    private const int Callers = 32;
    private const int PickUps = 100;

    public static async Task Run(JobsBench bench)
    {
        await bench.Sqlite(queue => OurMeasures.Process(queue, bench.Jobs));
        await HangfirePeer.Process(HangfirePeer.InMemory(), bench.Jobs);
        var process = await bench.Alternate(
            () => bench.Sqlite(queue => OurMeasures.Process(queue, bench.Jobs)),
            () => HangfirePeer.Process(HangfirePeer.InMemory(), bench.Jobs));
        Figure.Print("jobs.sqlite.process", process[0], process[1], ">=20000", "/s", absolute: true);
        Figure.Print("jobs.sqlite.process.hangfire_inmemory", process[0], process[1], ">=0.5", "/s");
        await bench.Sqlite(queue => OurMeasures.Enqueue(queue, bench.Jobs, Callers));
        HangfirePeer.Enqueue(HangfirePeer.InMemory(), bench.Jobs, Callers);
        var enqueue = await bench.Alternate(
            () => bench.Sqlite(queue => OurMeasures.Enqueue(queue, bench.Jobs, Callers)),
            () => Task.FromResult(HangfirePeer.Enqueue(HangfirePeer.InMemory(), bench.Jobs, Callers)));
        Figure.Print("jobs.sqlite.enqueue", enqueue[0], enqueue[1], ">=40000", "/s", absolute: true);
        var pickUps = new List<double>();
        for (var run = 0; run < bench.Runs; run++)
        {
            pickUps.AddRange(await bench.Sqlite(queue => OurMeasures.PickUp(queue, PickUps)));
        }

        Figure.Print("jobs.sqlite.pickup.p50", JobsBench.Percentile(pickUps, 0.5), null, "<=2", "ms");
        Figure.Print("jobs.sqlite.pickup.p99", JobsBench.Percentile(pickUps, 0.99), null, "<=3", "ms");
        // All of them enqueued in bulk at some 50,000 a second, and then processed at 20,000.
        Figure.Print("jobs.sqlite.burst", await bench.Sqlite(queue => OurMeasures.Burst(queue, bench.Burst)), null, ">=14000", "/s");
        Figure.Print("jobs.sqlite.flood.wait", await bench.Sqlite(queue => OurMeasures.LongestWait(queue, bench.Burst)), null, "<=1000", "ms");
    }
}
