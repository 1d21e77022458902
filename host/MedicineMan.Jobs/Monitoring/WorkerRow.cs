using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Monitoring;

/// The worker's own row: what it is, how much it has in hand, and when it was last seen.
internal sealed class WorkerRow(IJobDatabase database, JobWorkerOptions options, Crew crew, TimeProvider time)
{
    private const string WriteSql = """
        insert into job_workers (name, version, queues, concurrency, running, reserved, done, started_at, seen_at)
        values (@name, @version, @queues, @concurrency, @running, @reserved, @done, @startedAt, @now)
        on conflict (name) do update set version = @version, queues = @queues, concurrency = @concurrency, running = @running, reserved = @reserved, done = @done,
            started_at = @startedAt, seen_at = @now, stopped_at = @stoppedAt
        """;

    private readonly DateTimeOffset startedAt = time.GetUtcNow();

    public Task Write(string name, long done, bool stopped, CancellationToken cancel)
    {
        var now = time.GetUtcNow().Milliseconds();
        var row = new
        {
            name, version = options.Version, queues = string.Join(' ', options.Queues ?? []), concurrency = options.Concurrency, running = crew.Busy, reserved = crew.Reserved,
            done, startedAt = startedAt.Milliseconds(), now, stoppedAt = stopped ? now : (long?)null,
        };
        return database.Write(transaction => transaction.Run(WriteSql, row, cancel), cancel);
    }
}
