using Dapper;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Jobs;
using MedicineMan.Sdk.Backups;

namespace MedicineMan.Host.Backups.Proofs;

/// Scratch databases that proofs and restores make on other people's servers. Each is written down before it is made and struck out after it is
/// dropped, so that a crash in between leaves a note to act on, not a forgotten database.
internal sealed partial class ScratchTargets(Database database, TimeProvider time, ILogger<ScratchTargets> logger)
{
    private const string InsertSql = """
        insert into scratch_targets (id, organization_id, job_id, plan_id, restore_id, kind, server_id, name, created_at)
        values (@id, @organization, @job, @plan, @restore, @kind, @server, @name, @now)
        """;

    private const string DeleteSql = "delete from scratch_targets where organization_id = @organization and server_id = @server and name = @name";

    // Only jobs that will not run again leave their scratch to the sweeper; all others drop it themselves when they start.
    private const string LeftSql = """
        select t.organization_id as Organization, t.plan_id as PlanId, t.restore_id as RestoreId, t.kind, t.server_id as ServerId, t.name
        from scratch_targets t
        left join jobs j on j.organization_id = t.organization_id and j.id = t.job_id
        where j.id is null or j.state in ('succeeded', 'dead', 'cancelled')
        order by t.created_at limit 50
        """;

    private ILogger Logger => logger;

    /// Drops what an earlier attempt may have left under this name and notes it as taken; disposing drops it again.
    public async Task<IAsyncDisposable> Take(
        OrganizationId organization, JobRun job, string kind, string? plan, string? restore, BackupSource target, IBackupProvider provider, string name, CancellationToken cancel)
    {
        await provider.DropScratchAsync(target, name, cancel);
        await database.Write(
            async transaction =>
            {
                await transaction.Connection!.ExecuteAsync(new CommandDefinition(DeleteSql, new { organization, server = target.Server.ServerId, name }, transaction, cancellationToken: cancel));
                await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                    InsertSql,
                    new
                    {
                        id = Ids.New(time), organization, job = job.Id, plan, restore, kind, server = target.Server.ServerId, name, now = time.GetUtcNow(),
                    },
                    transaction,
                    cancellationToken: cancel));
            },
            cancel);
        return new Taken(this, organization, target, provider, name);
    }

    public async Task Drop(OrganizationId organization, BackupSource target, IBackupProvider provider, string name, CancellationToken cancel)
    {
        await provider.DropScratchAsync(target, name, cancel);
        await database.Write(
            transaction => transaction.Connection!.ExecuteAsync(new CommandDefinition(
                DeleteSql, new { organization, server = target.Server.ServerId, name }, transaction, cancellationToken: cancel)),
            cancel);
    }

    public async Task<IReadOnlyList<ScratchRow>> Left(CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(cancel);
        return [.. await connection.QueryAsync<ScratchRow>(new CommandDefinition(LeftSql, cancellationToken: cancel))];
    }

    private sealed class Taken(ScratchTargets targets, OrganizationId organization, BackupSource target, IBackupProvider provider, string name) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            try
            {
                // Also after a cancel: the scratch database must go, so this does not heed the job's token.
                using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
                await targets.Drop(organization, target, provider, name, limit.Token);
            }
            catch (Exception failure)
            {
                Log.NotDropped(targets.Logger, name, target.Server.ServerId, failure);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The scratch database {Name} on server {ServerId} could not be dropped; the sweeper will try again.")]
        public static partial void NotDropped(ILogger logger, string name, string serverId, Exception failure);
    }
}

internal sealed record ScratchRow
{
    public required string Organization { get; init; }

    public string? PlanId { get; init; }

    public string? RestoreId { get; init; }

    public required string Kind { get; init; }

    public required string ServerId { get; init; }

    public required string Name { get; init; }
}
