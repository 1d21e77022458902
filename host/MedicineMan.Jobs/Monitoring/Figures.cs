using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Monitoring;

/// A worker as an operator sees it.
public sealed record JobWorkerRow
{
    public required string Name { get; init; }

    public required string Version { get; init; }

    /// Empty for all.
    public required IReadOnlyList<string> Queues { get; init; }

    /// Jobs it runs at the same time.
    public required int Concurrency { get; init; }

    public required int Running { get; init; }

    /// Jobs it holds beyond those, ready to start.
    public required int Reserved { get; init; }

    /// Attempts that have ended in it since it started.
    public required long Done { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required DateTimeOffset SeenAt { get; init; }

    /// When it stopped in good order.
    public DateTimeOffset? StoppedAt { get; init; }
}

/// What was done in a stretch of time.
public sealed record JobStats
{
    public required DateTimeOffset From { get; init; }

    public required long Succeeded { get; init; }

    /// Attempts that will be tried again.
    public required long Failed { get; init; }

    public required long Dead { get; init; }

    public required long Cancelled { get; init; }

    /// From due to start.
    public required Percentiles Wait { get; init; }

    /// From start to end.
    public required Percentiles Run { get; init; }

    internal static JobStats Sum(DateTimeOffset from, IEnumerable<StoredStats> rows)
    {
        List<StoredStats> all = [.. rows];
        return new()
        {
            From = from,
            Succeeded = all.Sum(row => row.Succeeded),
            Failed = all.Sum(row => row.Failed),
            Dead = all.Sum(row => row.Dead),
            Cancelled = all.Sum(row => row.Cancelled),
            Wait = Percentiles.Of(all.Select(row => row.WaitMs)),
            Run = Percentiles.Of(all.Select(row => row.RunMs)),
        };
    }
}

/// Times that half, and so on, of all do not exceed; within a power of two of a millisecond, upper end.
public sealed record Percentiles(TimeSpan P50, TimeSpan P95, TimeSpan P99)
{
    internal static Percentiles Of(IEnumerable<string> histograms)
    {
        var counts = new Histogram();
        foreach (var histogram in histograms)
        {
            counts.Add(histogram);
        }

        var all = counts.All;
        return new(At(0.5), At(0.95), At(0.99));

        TimeSpan At(double share)
        {
            var left = (long)Math.Ceiling(all * share);
            for (var bucket = 0; bucket < Histogram.Buckets && left > 0; bucket++)
            {
                left -= counts[bucket];
                if (left <= 0)
                {
                    return TimeSpan.FromMilliseconds(1L << Math.Min(bucket, 40));
                }
            }

            return TimeSpan.Zero;
        }
    }
}

/// Dead jobs of one type with one kind of error.
public sealed record DeadKind
{
    public required string Type { get; init; }

    /// Null for those that died without words.
    public string? Signature { get; init; }

    public required long Jobs { get; init; }

    public required DateTimeOffset FirstAt { get; init; }

    public required DateTimeOffset LastAt { get; init; }

    /// The newest of them: what somebody who sees this list has seen.
    public required string NewestId { get; init; }
}

/// What waits in a queue for a worker.
public sealed record QueueBacklog(string Queue, long Ready, TimeSpan OldestWait);

/// A queue that no worker takes, and since when its oldest job is due.
public sealed record UnservedQueue(string Queue, DateTimeOffset Since);
