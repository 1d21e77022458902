using System.Text.Json;
using MedicineMan.Host.Data;
using MedicineMan.Jobs;

namespace MedicineMan.Host.JobScreens;

/// Runs all dead jobs of a kind again, some at a time. Idempotent: a job that runs already is left alone, and how far it came is kept with those it ran.
internal sealed class RetryDeadJobs(Database database, JobQueue jobs) : IJobHandler
{
    public const string JobType = "retry-dead-jobs";

    public string Type => JobType;

    public async Task Run(JobRun run, CancellationToken cancel)
    {
        var scope = run.Arguments.Deserialize<DeadScope>(JsonSerializerOptions.Web) ?? throw new JobFailedException("It does not say which jobs are meant.");
        var done = 0;
        for (var after = run.Checkpoint is null ? "" : JsonSerializer.Deserialize<string>(run.Checkpoint); after is not null;)
        {
            var from = after;
            var some = await database.Write(
                async transaction =>
                {
                    await run.CheckLease(transaction, cancel);
                    var retried = await jobs.RetryDead(transaction, run.Organization, scope, from, cancel);
                    await run.SaveCheckpoint(transaction, JsonSerializer.Serialize(retried.Next ?? scope.UpTo), cancel);
                    return retried;
                },
                cancel);
            (done, after) = (done + some.Jobs, some.Next);
            run.Progress(new JobProgress("retry", done, null, "jobs"));
        }

        run.Log($"{done} jobs run again.");
    }
}
