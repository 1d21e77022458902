using System.Data.Common;
using System.Globalization;
using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Backups.Proofs;
using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Jobs;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Backups.Runs;

/// The runs of all plans, newest first. Their stages are written by <see cref="RunRecord"/>.
internal sealed class RunStore(Database database, AuditLog audit, JobQueue jobs, TimeProvider time)
{
    private const string Select = """
        select r.id, r.plan_id as PlanId, p.name as PlanName, p.proof_server_id as ProofServerId, r.origin, r.server_id as ServerId, s.name as ServerName, r.repository_id as RepositoryId, r.kind, r.items,
               r.dump_state as DumpState, r.store_state as StoreState, r.prove_state as ProveState, r.error, r.prove_error as ProveError,
               r.dump_job_id as DumpJobId, r.prove_job_id as ProveJobId, r.snapshot_id as SnapshotId, r.read_bytes as ReadBytes, r.new_bytes as NewBytes,
               r.stored_bytes as StoredBytes, r.tables, r.table_rows as TableRows, r.tools, r.started_at as StartedAt, r.stored_at as StoredAt,
               r.proven_at as ProvenAt, r.restore_ms as RestoreMs, r.compare_ms as CompareMs, r.compared, r.differences, r.created_at as CreatedAt
        from runs r
        left join plans p on p.organization_id = r.organization_id and p.id = r.plan_id
        left join servers s on s.organization_id = r.organization_id and s.id = r.server_id
        where r.organization_id = @organization
        """;

    private const string PageSql = Select + """
         and (r.created_at, r.id) < (@at, @id) and (@plan is null or r.plan_id = @plan) order by r.created_at desc, r.id desc limit @size
        """;

    private const string FindSql = Select + " and r.id = @id";

    private const string ObjectsSql = """
        select item, name, row_count as RowCount, bytes, checksum from run_objects
        where organization_id = @organization and run_id = @run and (item, name) > (@item, @name) order by item, name limit @size
        """;

    private const string ObjectsOfSql = """
        select item, name, row_count as RowCount, bytes, checksum from run_objects
        where organization_id = @organization and run_id = @run and item = @item order by name limit @size
        """;

    private const string PlanSql = "select name, server_id as ServerId, repository_id as RepositoryId, kind, items, prove from plans where organization_id = @organization and id = @plan";
    private const string OpenSql = """
        select id from runs where organization_id = @organization and plan_id = @plan and dump_state in ('waiting', 'running') order by created_at desc limit 1
        """;

    private const string InsertSql = """
        insert into runs (id, organization_id, plan_id, server_id, repository_id, kind, items, dump_state, store_state, prove_state, created_at)
        values (@id, @organization, @plan, @ServerId, @RepositoryId, @Kind, @Items, 'waiting', 'waiting', @prove, @now)
        """;

    private const string LinkSql = """
        update runs set dump_job_id = @job where organization_id = @organization and id = @id;
        update plans set last_run_id = @id where organization_id = @organization and id = @plan;
        """;

    private const string ProveAgainSql = """
        update runs set prove_state = 'waiting', prove_error = null, differences = null, compared = null, prove_job_id = @job where organization_id = @organization and id = @id
        """;

    public async Task<Page<RunRow>> Page(OrganizationId organization, string? plan, string? after, int size, CancellationToken cancel)
    {
        var cursor = Cursor.Parse(after, 2);
        var (at, id) = cursor is null ? (long.MaxValue, "") : (cursor.Number(0), cursor.Keys[1]);
        await using var connection = await database.OpenRead(organization, cancel);
        var rows = await connection.QueryAsync<RunRow>(new CommandDefinition(PageSql, new { organization, plan, at, id, size = size + 1 }, cancellationToken: cancel));
        return Data.Page<RunRow>.Of(rows, size, row => new Cursor(row.CreatedAt.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture), row.Id));
    }

    public async Task<RunRow?> Find(OrganizationId organization, string id, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(organization, cancel);
        return await connection.QuerySingleOrDefaultAsync<RunRow>(new CommandDefinition(FindSql, new { organization, id }, cancellationToken: cancel));
    }

    public async Task<RunRow> Get(OrganizationId organization, string id, CancellationToken cancel) =>
        await Find(organization, id, cancel) ?? throw new GoneException("run");

    /// The tables of a run, by name.
    public async Task<Page<RunObject>> Objects(OrganizationId organization, string run, string? after, int size, CancellationToken cancel)
    {
        var cursor = Cursor.Parse(after, 2) ?? new Cursor("", "");
        await using var connection = await database.OpenRead(organization, cancel);
        var rows = await connection.QueryAsync<RunObject>(new CommandDefinition(
            ObjectsSql, new { organization, run, item = cursor.Keys[0], name = cursor.Keys[1], size = size + 1 }, cancellationToken: cancel));
        return Data.Page<RunObject>.Of(rows, size, row => new Cursor(row.Item, row.Name));
    }

    /// The tables of one database in a run, at most so many; whether there are more.
    public async Task<(IReadOnlyList<RunObject> Objects, bool More)> ObjectsOf(OrganizationId organization, string run, string item, int most, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(organization, cancel);
        var rows = (await connection.QueryAsync<RunObject>(new CommandDefinition(ObjectsOfSql, new { organization, run, item, size = most + 1 }, cancellationToken: cancel))).ToList();
        return ([.. rows.Take(most)], rows.Count > most);
    }

    /// Starts a run: its row, its job and its audit entry, all or none. A plan whose run still waits or dumps gets no second one.
    /// <returns>The id of the new run, or of the one that is under way.</returns>
    public Task<string> BackUpNow(OrganizationId organization, Actor actor, string plan, CancellationToken cancel) =>
        database.Write(transaction => BackUpNow(transaction, organization, actor, plan, cancel), cancel);

    public async Task<string> BackUpNow(DbTransaction transaction, OrganizationId organization, Actor actor, string plan, CancellationToken cancel) =>
        (await Start(transaction, organization, actor, plan, cancel)).Id;

    /// The same for the clock.
    /// <returns>Where the new run is seen; null when one is under way.</returns>
    public async Task<string?> BackUpDue(DbTransaction transaction, OrganizationId organization, Actor actor, string plan, CancellationToken cancel) =>
        await Start(transaction, organization, actor, plan, cancel) is (var id, true) ? $"/backups/runs/{id}" : null;

    private async Task<(string Id, bool IsNew)> Start(DbTransaction transaction, OrganizationId organization, Actor actor, string plan, CancellationToken cancel)
    {
        var connection = transaction.Connection!;
        var row = await connection.QuerySingleOrDefaultAsync<PlanToRun>(new CommandDefinition(PlanSql, new { organization, plan }, transaction, cancellationToken: cancel))
            ?? throw new GoneException("plan");
        if (await connection.ExecuteScalarAsync<string?>(new CommandDefinition(OpenSql, new { organization, plan }, transaction, cancellationToken: cancel)) is { } open)
        {
            return (open, false);
        }

        var id = Ids.New(time);
        await connection.ExecuteAsync(new CommandDefinition(
            InsertSql,
            new { id, organization, plan, row.ServerId, row.RepositoryId, row.Kind, row.Items, prove = (row.Prove ? StageState.Waiting : StageState.Skipped).Text(), now = time.GetUtcNow() },
            transaction,
            cancellationToken: cancel));
        var job = await jobs.Enqueue(
            transaction,
            new JobRequest(organization.Value, BackUp.JobType, $$"""{"run":"{{id}}"}""")
            {
                Title = $"Back up {row.Name}", ServerId = row.ServerId, RequestedBy = actor.Name, Priority = actor.Priority, Queue = BackupServices.Queue,
                ConcurrencyKey = $"server:{row.ServerId}", SecondKey = RepositoryStore.StorageKey(row.RepositoryId), SecondLimit = RepositoryStore.BackupsAtOnce, MaxAttempts = 3,
            },
            cancel);
        await connection.ExecuteAsync(new CommandDefinition(LinkSql, new { organization, id, plan, job }, transaction, cancellationToken: cancel));
        await audit.Record(transaction, organization, actor, new AuditEntry("backup.requested", "plan", plan, row.Name), cancel);
        return (id, true);
    }

    /// Proves a stored run, the first time or again.
    public Task<string> Prove(OrganizationId organization, Actor actor, string id, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                var run = await transaction.Connection!.QuerySingleOrDefaultAsync<RunRow>(new CommandDefinition(FindSql, new { organization, id }, transaction, cancellationToken: cancel))
                    ?? throw new GoneException("run");
                if (run.StoreState is not StageState.Done)
                {
                    throw new UserFacingException("Only a stored backup can be proven; this run stored none.") { Permanent = true };
                }

                if (run.ProveState is StageState.Running or StageState.Waiting && run.ProveJobId is not null)
                {
                    return run.ProveJobId;
                }

                var job = await EnqueueProof(transaction, organization, actor, run, actor.Priority, cancel);
                await transaction.Connection!.ExecuteAsync(new CommandDefinition(ProveAgainSql, new { organization, id, job }, transaction, cancellationToken: cancel));
                await audit.Record(transaction, organization, actor, new AuditEntry("proof.requested", "run", id, run.PlanName ?? id), cancel);
                return job;
            },
            cancel);

    internal Task<string> EnqueueProof(DbTransaction transaction, OrganizationId organization, Actor actor, RunRow run, int priority, CancellationToken cancel) =>
        jobs.Enqueue(
            transaction,
            new JobRequest(organization.Value, ProveBackup.JobType, $$"""{"run":"{{run.Id}}"}""")
            {
                Title = $"Prove {run.PlanName}", ServerId = run.ServerId, RequestedBy = actor.Name, Priority = priority, Queue = BackupServices.Queue,
                ConcurrencyKey = $"server:{run.ProofServerId ?? run.ServerId}", SecondKey = RepositoryStore.StorageKey(run.RepositoryId), SecondLimit = RepositoryStore.BackupsAtOnce, UniqueKey = $"prove:{run.Id}", MaxAttempts = 3,
            },
            cancel);

    private sealed record PlanToRun
    {
        public required string Name { get; init; }

        public required string ServerId { get; init; }

        public required string RepositoryId { get; init; }

        public required string Kind { get; init; }

        public required string Items { get; init; }

        public bool Prove { get; init; }
    }
}
