using System.Collections.Concurrent;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Monitoring;

/// Counts what this worker does, minute by minute, and writes it now and then. The few seconds that a crash loses are of no account: the jobs themselves
/// are the record, this is how they are seen from afar.
internal sealed class Tally(IJobDatabase database, TimeProvider time)
{
    private readonly string writeSql = $"""
        insert into job_stats (organization_id, minute, type, worker, succeeded, failed, dead, cancelled, wait_ms, run_ms)
        select org, minute, type, @worker, succeeded, failed, dead, cancelled, wait_ms, run_ms
        from {Statements.Items(
            database.Dialect, "org text", "minute bigint", "type text", "succeeded bigint", "failed bigint", "dead bigint", "cancelled bigint", "wait_ms text", "run_ms text")}
        where true
        on conflict (organization_id, minute, type, worker) do update set succeeded = excluded.succeeded, failed = excluded.failed, dead = excluded.dead,
            cancelled = excluded.cancelled, wait_ms = excluded.wait_ms, run_ms = excluded.run_ms
        """;

    private readonly ConcurrentDictionary<(string Organization, long Minute, string Type), Counts> counts = new();
    private long done;

    /// Attempts that ended here.
    public long Done => Interlocked.Read(ref done);

    public void Count(Outcome outcome)
    {
        Interlocked.Increment(ref done);
        var minute = outcome.Finished / 60_000 * 60_000;
        var count = counts.GetOrAdd((outcome.Org, minute, outcome.Claim.Type), _ => new Counts());
        lock (count)
        {
            count.Add(outcome);
        }
    }

    public async Task Write(string worker, CancellationToken cancel)
    {
        var rows = new List<object>();
        foreach (var (key, count) in counts)
        {
            lock (count)
            {
                if (count.IsNew)
                {
                    rows.Add(count.ToRow(key.Organization, key.Minute, key.Type));
                }
            }
        }

        if (rows.Count == 0)
        {
            return;
        }

        await database.Write(transaction => transaction.Run(writeSql, new { rows = Statements.Json(rows), worker }, cancel), cancel);

        // A minute that is well over gets no further counts.
        var over = time.GetUtcNow().AddMinutes(-3).Milliseconds();
        foreach (var key in counts.Keys.Where(key => key.Minute < over))
        {
            counts.TryRemove(key, out _);
        }
    }

    private sealed class Counts
    {
        private readonly Histogram wait = new();
        private readonly Histogram run = new();
        private long succeeded;
        private long failed;
        private long dead;
        private long cancelled;

        public bool IsNew { get; private set; }

        public void Add(Outcome outcome)
        {
            IsNew = true;
            switch (JobStates.Read(outcome.NextState))
            {
                case JobState.Succeeded:
                    succeeded++;
                    break;
                case JobState.Dead:
                    dead++;
                    break;
                case JobState.Cancelled:
                    cancelled++;
                    break;
                default:
                    failed++;
                    break;
            }

            wait.Add(outcome.Started - outcome.Claim.DueAt);
            run.Add(outcome.Finished - outcome.Started);
        }

        public object ToRow(string org, long minute, string type)
        {
            IsNew = false;
            return new { org, minute, type, succeeded, failed, dead, cancelled, WaitMs = wait.ToString(), RunMs = run.ToString() };
        }
    }
}
