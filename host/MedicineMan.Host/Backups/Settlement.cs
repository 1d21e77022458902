using System.Data.Common;
using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;

namespace MedicineMan.Host.Backups;

/// Runs and restores whose job ended without their knowing: cancelled before it began, or dead because its process died once too often. What the
/// job says then counts, so that nothing shows as running for ever.
internal sealed class Settlement(Database database, AuditLog audit)
{
    // The partial indexes runs_open and restores_open keep these three small however long the history is.
    private const string DumpsSql = """
        update runs set
            dump_state = case when dump_state = 'done' then 'done' when j.state = 'cancelled' then 'cancelled' else 'failed' end,
            store_state = case when j.state = 'cancelled' then 'cancelled' else 'failed' end,
            prove_state = 'skipped',
            error = coalesce(j.error, 'Cancelled before it began.')
        from jobs j
        where j.organization_id = runs.organization_id and j.id = runs.dump_job_id and j.state in ('dead', 'cancelled')
          and (runs.dump_state in ('waiting', 'running') or runs.store_state in ('waiting', 'running') or runs.prove_state in ('waiting', 'running'))
          and runs.snapshot_id is null
        returning runs.organization_id as Organization, 'run' as Kind, runs.id as Id, runs.id as Name, 'backup.' || runs.store_state as Action
        """;

    private const string ProofsSql = """
        update runs set prove_state = case when j.state = 'cancelled' then 'cancelled' else 'failed' end, prove_error = coalesce(j.error, 'Cancelled before it began.')
        from jobs j
        where j.organization_id = runs.organization_id and j.id = runs.prove_job_id and j.state in ('dead', 'cancelled')
          and (runs.dump_state in ('waiting', 'running') or runs.store_state in ('waiting', 'running') or runs.prove_state in ('waiting', 'running'))
        returning runs.organization_id as Organization, 'run' as Kind, runs.id as Id, runs.id as Name, 'backup.not-proven' as Action
        """;

    private const string RestoresSql = """
        update restores set state = case when j.state = 'cancelled' then 'cancelled' else 'failed' end, error = coalesce(j.error, 'Cancelled before it began.')
        from jobs j
        where j.organization_id = restores.organization_id and j.id = restores.job_id and j.state in ('dead', 'cancelled') and restores.state in ('waiting', 'running')
        returning restores.organization_id as Organization, 'restore' as Kind, restores.id as Id, restores.target as Name, 'restore.' || restores.state as Action
        """;

    public async Task Settle(DbTransaction transaction, CancellationToken cancel)
    {
        foreach (var sql in new[] { DumpsSql, ProofsSql, RestoresSql })
        {
            foreach (var settled in await transaction.Connection!.QueryAsync<Settled>(new CommandDefinition(sql, transaction: transaction, cancellationToken: cancel)))
            {
                await audit.Record(transaction, settled.Organization, Actor.System, new AuditEntry(settled.Action, settled.Kind, settled.Id, settled.Name), cancel);
            }
        }
    }

    public Task Settle(CancellationToken cancel) => database.Write(transaction => Settle(transaction, cancel), cancel);

    private sealed record Settled
    {
        public required OrganizationId Organization { get; init; }

        public required string Kind { get; init; }

        public required string Id { get; init; }

        public required string Name { get; init; }

        public required string Action { get; init; }
    }
}

/// Settles every few seconds what nobody was there to settle.
internal sealed partial class SettleRuns(Settlement settlement, TimeProvider time, ILogger<SettleRuns> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await settlement.Settle(stoppingToken);
            }
            catch (DbException unreachable)
            {
                Log.NotNow(log, unreachable);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Ended jobs could not be settled now; it is tried again.")]
        public static partial void NotNow(ILogger logger, Exception failure);
    }
}
