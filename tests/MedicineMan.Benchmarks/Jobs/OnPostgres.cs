namespace MedicineMan.Benchmarks.Jobs;

/// <summary>PostgreSQL with synchronous commit and every job kept, beside BullMQ with completed jobs kept, and Hangfire on the same server.</summary>
internal static class OnPostgres
{
    private const int BullMqConcurrency = 20;
    private const int Callers = 16;
    private const int PickUps = 100;

    // Hangfire does hundreds a second: a few seconds' worth.
    private const int HangfireJobs = 1_000;

    public static async Task Run(JobsBench bench)
    {
        // Everything compiled, everywhere, before a figure counts.
        await bench.Postgres(queue => OurMeasures.Process(queue, bench.Jobs));
        await Processing(bench);
        await Enqueueing(bench);
        await PickUp(bench);
        await Crowds(bench);
    }

    private static async Task Processing(JobsBench bench)
    {
        var process = await bench.Alternate(
            () => bench.Postgres(queue => OurMeasures.Process(queue, bench.Jobs)),
            () => Task.FromResult(bench.BullMq.PerSecond("process", bench.Jobs, BullMqConcurrency)),
            () => bench.Database(connection => HangfirePeer.Process(HangfirePeer.OnPostgres(connection), HangfireJobs)));
        Figure.Print("jobs.postgres.process.bullmq", process[0], process[1], ">=1", "/s");
        Figure.Print("jobs.postgres.process.hangfire", process[0], process[2], ">=60", "/s");
    }

    private static async Task Enqueueing(JobsBench bench)
    {
        var enqueue = await bench.Alternate(
            () => bench.Postgres(queue => OurMeasures.Enqueue(queue, bench.Jobs / 2, Callers)),
            () => Task.FromResult(bench.BullMq.PerSecond("enqueue", bench.Jobs / 2, Callers)),
            () => bench.Database(connection => Task.FromResult(HangfirePeer.Enqueue(HangfirePeer.OnPostgres(connection), HangfireJobs, Callers))));
        Figure.Print("jobs.postgres.enqueue.bullmq", enqueue[0], enqueue[1], ">=0.4", "/s");
        Figure.Print("jobs.postgres.enqueue.hangfire", enqueue[0], enqueue[2], ">=10", "/s");
        var bulk = await bench.Alternate(
            () => bench.Postgres(queue => OurMeasures.EnqueueBulk(queue, bench.Jobs)),
            () => Task.FromResult(bench.BullMq.PerSecond("bulk", bench.Jobs, 1)));
        Figure.Print("jobs.postgres.bulk.bullmq", bulk[0], bulk[1], ">=4", "/s");
    }

    private static async Task PickUp(JobsBench bench)
    {
        List<double> ours = [], theirs = [];
        for (var run = 0; run < bench.Runs; run++)
        {
            ours.AddRange(await bench.Postgres(queue => OurMeasures.PickUp(queue, PickUps)));
            theirs.AddRange(bench.BullMq.PickUp(PickUps));
        }

        Figure.Print("jobs.postgres.pickup.p50", JobsBench.Percentile(ours, 0.5), JobsBench.Percentile(theirs, 0.5), "<=2", "ms", absolute: true);
        Figure.Print("jobs.postgres.pickup.p99", JobsBench.Percentile(ours, 0.99), JobsBench.Percentile(theirs, 0.99), "<=10", "ms", absolute: true);
    }

    /// <summary>Many finished jobs, many jobs at once, and one organisation beside another one's many.</summary>
    private static async Task Crowds(JobsBench bench)
    {
        var page = 0.0;
        var history = await bench.Postgres(async full =>
        {
            await History.Make(full, bench.Finished);
            page = await OurMeasures.SlowestPage(full, bench.Finished);
            return await bench.Alternate(
                () => OurMeasures.Process(full, bench.Jobs),
                () => bench.Postgres(queue => OurMeasures.Process(queue, bench.Jobs)));
        });
        Figure.Print($"jobs.postgres.history.{bench.Finished / 1_000_000.0:0.##}M", history[0], history[1], ">=0.8", "/s");
        Figure.Print($"jobs.postgres.history.{bench.Finished / 1_000_000.0:0.##}M.page", page, null, "<=50", "ms");
        var burst = await bench.Alternate(
            () => bench.Postgres(queue => OurMeasures.Burst(queue, bench.Burst)),
            () => Task.FromResult(bench.BullMq.PerSecond("burst", bench.Burst, BullMqConcurrency)));
        Figure.Print("jobs.postgres.burst.bullmq", burst[0], burst[1], ">=1", "/s");
        Figure.Print("jobs.postgres.flood.wait", await bench.Postgres(queue => OurMeasures.LongestWait(queue, bench.Burst)), null, "<=1000", "ms");
    }
}
