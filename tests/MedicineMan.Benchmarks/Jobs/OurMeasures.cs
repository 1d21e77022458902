using System.Diagnostics;
using Dapper;
using MedicineMan.Jobs;

namespace MedicineMan.Benchmarks.Jobs;

/// <summary>What is measured of our queue, each on a database that holds nothing but what is said.</summary>
internal static class OurMeasures
{
    private const int Concurrency = 20;
    private const string Alone = "alone";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private const string LeftSql = "select exists (select 1 from jobs where state = 'running') or exists (select 1 from jobs where state = 'ready')";
    private const string SucceededSql = "select count(*) from jobs where organization_id = 'flood' and state = 'succeeded'";

    /// <summary>Jobs a second from the start of a worker to the last one's outcome committed, of a backlog that is there already.</summary>
    public static async Task<double> Process(OurQueue queue, int count)
    {
        var before = await Succeeded(queue);
        await queue.EnqueueBulk(count);
        var handler = new Noop(count);
        var clock = Stopwatch.StartNew();
        await using var worker = await queue.Work(handler, Concurrency);
        return await Finished(queue, handler, count, before, clock);
    }

    /// <summary>Jobs a second when all come at once to a worker that is there.</summary>
    public static async Task<double> Burst(OurQueue queue, int count)
    {
        var before = await Succeeded(queue);
        var handler = new Noop(count);
        await using var worker = await queue.Work(handler, Concurrency);
        var clock = Stopwatch.StartNew();
        await queue.EnqueueBulk(count);
        return await Finished(queue, handler, count, before, clock);
    }

    /// <summary>Jobs a second from callers that each wait for their commit.</summary>
    public static async Task<double> Enqueue(OurQueue queue, int count, int callers)
    {
        var left = count;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            for (int number; (number = Interlocked.Decrement(ref left)) >= 0;)
            {
                await queue.Enqueue(OurQueue.Request(number));
            }
        })));
        return count / clock.Elapsed.TotalSeconds;
    }

    public static async Task<double> EnqueueBulk(OurQueue queue, int count)
    {
        var clock = Stopwatch.StartNew();
        await queue.EnqueueBulk(count);
        return count / clock.Elapsed.TotalSeconds;
    }

    /// <summary>Milliseconds from the call that enqueues to the handler's first line, on an idle queue.</summary>
    public static async Task<IReadOnlyList<double>> PickUp(OurQueue queue, int count)
    {
        const int warmUp = 10;
        var handler = new Noop(0, Alone);
        await using var worker = await queue.Work(handler, Concurrency);
        var times = new List<double>();
        for (var number = 0; number < count + warmUp; number++)
        {
            await Task.Delay(Random.Shared.Next(15, 35));
            times.Add(await Wait(queue, handler, number));
        }

        return [.. times.Skip(warmUp)];
    }

    /// <summary>The longest that a job of another organisation waits, in milliseconds, one every tenth of a second, while one floods the queue.</summary>
    public static async Task<double> LongestWait(OurQueue queue, int flood)
    {
        var handler = new Noop(flood, Alone);
        await using var worker = await queue.Work(handler, Concurrency);
        var flooding = Task.Run(() => queue.EnqueueBulk(flood));
        var waits = new List<Task<double>>();
        for (var clock = Stopwatch.StartNew(); !handler.Done.IsCompleted && clock.Elapsed < Patience;)
        {
            waits.Add(Wait(queue, handler, waits.Count));
            await Task.Delay(100);
        }

        await flooding;
        return (await Task.WhenAll(waits)).Max();
    }

    /// <summary>Milliseconds that the slowest of the pages takes, of many finished jobs: the first and one from their middle, by each filter, and the counts by state.</summary>
    public static async Task<double> SlowestPage(OurQueue queue, long finished)
    {
        const int looks = 3;
        JobFilter[] filters = [new(), new() { State = JobState.Succeeded }, new() { State = JobState.Dead }, new() { Type = "noop" }, new() { Type = "noop", State = JobState.Succeeded }, new() { Text = "no such words" }];
        var middle = (finished / 2).ToString("x32", System.Globalization.CultureInfo.InvariantCulture);
        var slowest = 0.0;
        foreach (var read in filters.SelectMany(filter => new[] { null, middle }, (filter, after) => (Func<Task>)(() => queue.List(History.Organization, filter, after))).Append(() => queue.Counts(History.Organization)))
        {
            var times = new List<double>();
            for (var look = 0; look < looks; look++)
            {
                var clock = Stopwatch.StartNew();
                await read();
                times.Add(clock.Elapsed.TotalMilliseconds);
            }

            slowest = Math.Max(slowest, JobsBench.Percentile(times, 0.5));
        }

        return slowest;
    }

    private static async Task<double> Wait(OurQueue queue, Noop handler, int number)
    {
        var asked = Stopwatch.GetTimestamp();
        var id = await queue.Enqueue(OurQueue.Request(number, Alone));
        var start = await handler.Start(id).WaitAsync(Patience);
        return Stopwatch.GetElapsedTime(asked, start).TotalMilliseconds;
    }

    private static async Task<double> Finished(OurQueue queue, Noop handler, int count, long before, Stopwatch clock)
    {
        await handler.Done.WaitAsync(Patience);
        await using var connection = await queue.Database.OpenRead(CancellationToken.None);
        while (await connection.ExecuteScalarAsync<bool>(LeftSql))
        {
            await Task.Delay(2);
        }

        var seconds = clock.Elapsed.TotalSeconds;
        var succeeded = await Succeeded(queue) - before;
        return succeeded == count ? count / seconds : throw new InvalidOperationException($"{succeeded} of {count} jobs are there and have succeeded.");
    }

    private static async Task<long> Succeeded(OurQueue queue)
    {
        await using var connection = await queue.Database.OpenRead(CancellationToken.None);
        return await connection.ExecuteScalarAsync<long>(SucceededSql);
    }
}
