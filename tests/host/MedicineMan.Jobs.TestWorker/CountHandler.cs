using Dapper;

namespace MedicineMan.Jobs.TestWorker;

/// Takes a moment, then leaves one row behind. Idempotent because it looks for the row first, in the transaction that holds the lease.
public sealed class CountHandler(IJobDatabase database, Func<TimeSpan> duration) : IJobHandler
{
    public string Type => "count";

    public async Task Run(JobRun run, CancellationToken cancel)
    {
        run.Log($"started attempt {run.Attempt}");
        run.Progress(new JobProgress("count", 0, 1, "rows"));
        await Task.Delay(duration(), cancel);
        await database.Write(
            async transaction =>
            {
                await run.CheckLease(transaction, cancel);
                return await transaction.Connection!.ExecuteAsync(
                    "insert into effects select @Id, @LeaseToken, @worker where not exists (select 1 from effects where job_id = @Id)",
                    new { run.Id, run.LeaseToken, worker = Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture) },
                    transaction);
            },
            cancel);
    }
}
