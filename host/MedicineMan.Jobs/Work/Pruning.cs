using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Work;

/// Takes from the history what is older than its class is kept, a few rows at a time, so that nobody waits for it.
internal sealed class Pruning(IJobDatabase database, JobWorkerOptions options, TimeProvider time)
{
    private const int Batch = 500;
    private static readonly TimeSpan KeepStats = TimeSpan.FromDays(90);
    private static readonly TimeSpan KeepWorkers = TimeSpan.FromDays(1);

    private readonly string jobsSql = $"""
        delete from jobs where id in (
            select id from jobs where history = @history and ended_at < @before and ended_at is not null and (state <> 'dead' or ended_at < @deadBefore)
            order by ended_at limit {Batch} {(database.Dialect == SqlDialect.Postgres ? "for update skip locked" : "")})
        """;

    private const string StatsSql = "delete from job_stats where minute in (select minute from job_stats where minute < @before order by minute limit 100)";
    private const string WorkersSql = "delete from job_workers where seen_at < @before";
    private const string GroupsSql = """
        delete from job_groups where ended_at < @before and ended_at is not null
            and not exists (select 1 from jobs where jobs.organization_id = job_groups.organization_id and jobs.group_id = job_groups.id)
        """;

    /// Returns whether there may be more.
    public Task<bool> Prune(CancellationToken cancel) => database.Write(
        async transaction =>
        {
            var now = time.GetUtcNow();
            var more = false;
            foreach (var (history, keep) in new[] { (JobHistory.Brief, options.KeepBrief), (JobHistory.Normal, options.KeepNormal), (JobHistory.Lasting, options.KeepLasting) })
            {
                var question = new { history = history.Stored(), before = (now - keep).Milliseconds(), deadBefore = (now - (3 * keep)).Milliseconds() };
                more |= await transaction.Run(jobsSql, question, cancel) == Batch;
            }

            more |= await transaction.Run(StatsSql, new { before = (now - KeepStats).Milliseconds() }, cancel) > 0;
            await transaction.Run(WorkersSql, new { before = (now - KeepWorkers).Milliseconds() }, cancel);
            await transaction.Run(GroupsSql, new { before = (now - options.KeepBrief).Milliseconds() }, cancel);
            return more;
        },
        cancel);
}
