using System.Data.Common;
using Dapper;
using MedicineMan.Jobs.TestWorker;

namespace MedicineMan.Jobs.FaultWorker;

/// Takes a moment, then writes down what it does, in the transaction that holds the lease: every time it acts, with the token the job has at that moment,
/// and the effect itself unless an attempt before this one has got that far. A refusal by the lease is written down, too.
internal sealed class EffectHandler(TestDatabase database) : IJobHandler
{
    private const string ActSql = "insert into acts (job_id, token, newest) select @Id, @LeaseToken, lease_token from jobs where id = @Id";
    private const string EffectSql = "insert into effects select @Id, @LeaseToken, @worker where not exists (select 1 from effects where job_id = @Id)";
    private const string RefusedSql = "insert into refusals (job_id) values (@Id)";

    public string Type => "effect";

    public async Task Run(JobRun run, CancellationToken cancel)
    {
        run.Log($"attempt {run.Attempt}");
        run.Progress(new JobProgress("wait", 0, 1, "rows"));
        try
        {
            // Whether it heeds the token is left to chance: one that does not must be held off by its lease.
            await Task.Delay(Random.Shared.Next(5, 300), Random.Shared.Next(2) == 0 ? cancel : CancellationToken.None);
            await database.Write(transaction => Act(transaction, run), CancellationToken.None);
        }
        catch (LeaseLostException)
        {
            await database.Execute(RefusedSql, new { run.Id });
            throw;
        }
    }

    private static async Task<bool> Act(DbTransaction transaction, JobRun run)
    {
        await run.CheckLease(transaction, CancellationToken.None);
        await transaction.Connection!.ExecuteAsync(ActSql, new { run.Id, run.LeaseToken }, transaction);
        var worker = $"{Environment.ProcessId}";
        await transaction.Connection!.ExecuteAsync(EffectSql, new { run.Id, run.LeaseToken, worker }, transaction);
        return true;
    }
}
