using System.Data.Common;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Work;

/// One run's hold on its job: every write carries the token, so a run that lost its lease can change nothing.
internal sealed class Fence(IJobDatabase database, TimeProvider time, TimeSpan lease, ClaimedJob job)
{
    private const string HoldSql = """
        select lease_until from jobs where id = @Id and organization_id = @Organization and lease_token = @Token and state = 'running'
        """;

    private const string RenewSql = """
        update jobs set lease_until = @until where id = @Id and organization_id = @Organization and lease_token = @Token and state = 'running'
        """;

    private const string CheckpointSql = """
        update jobs set checkpoint = @checkpoint
        where id = @Id and organization_id = @Organization and lease_token = @Token and state = 'running'
        """;

    /// Mostly a read; renews when little of the lease is left, so that there is time to act after the check.
    public async Task Check(CancellationToken cancel)
    {
        var hold = await database.Rows<long>(HoldSql, new { job.Id, job.Organization, job.Token }, cancel);
        if (hold is not [var until])
        {
            throw new LeaseLostException(job.Id);
        }

        if (Statements.Time(until) - time.GetUtcNow() < lease / 2)
        {
            await database.Write(async transaction => { await Hold(transaction, cancel); return true; }, cancel);
        }
    }

    /// Renews and locks the row until the transaction ends, so that what it writes counts only while the lease does.
    public Task Hold(DbTransaction transaction, CancellationToken cancel) =>
        Write(transaction, RenewSql, new { job.Id, job.Organization, job.Token, until = (time.GetUtcNow() + lease).Milliseconds() }, cancel);

    public Task SaveCheckpoint(DbTransaction transaction, string? checkpoint, CancellationToken cancel) =>
        Write(transaction, CheckpointSql, new { job.Id, job.Organization, job.Token, checkpoint }, cancel);

    private async Task Write(DbTransaction transaction, string sql, object arguments, CancellationToken cancel)
    {
        if (await transaction.Run(sql, arguments, cancel) == 0)
        {
            throw new LeaseLostException(job.Id);
        }
    }
}
