using System.Text.Json;
using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Sdk.Backups;

namespace MedicineMan.Host.Backups.Runs;

/// Writes down what the stages of a run came to. What the snapshot holds and that it is stored are written in one step with the
/// request for its proof.
internal sealed class RunRecord(Database database, AuditLog audit, RunStore runs, TimeProvider time)
{
    private const string StartSql = """
        update runs set dump_state = 'running', store_state = 'running', error = null, started_at = coalesce(started_at, @now),
               prove_state = case when exists (select 1 from plans p where p.organization_id = runs.organization_id and p.id = runs.plan_id and p.prove = 1) then 'waiting' else 'skipped' end
        where organization_id = @organization and id = @id
        """;

    private const string DumpedSql = "update runs set dump_state = 'done' where organization_id = @organization and id = @id";

    private const string StoredSql = """
        update runs set dump_state = 'done', store_state = 'done', snapshot_id = @snapshot, read_bytes = @read, new_bytes = @added, stored_bytes = @stored, tables = @tables,
               table_rows = @rows, tools = @tools, items = @items, stored_at = @now, prove_job_id = @proof, error = null
        where organization_id = @organization and id = @id
        """;

    private const string ClearObjectsSql = "delete from run_objects where organization_id = @organization and run_id = @id";
    internal const string ObjectSql = """
        insert into run_objects (organization_id, run_id, item, name, row_count, bytes, checksum) values (@organization, @id, @Item, @Name, @Rows, @Bytes, @Checksum)
        """;

    private const string SnapshotSql = """
        insert into snapshots (organization_id, repository_id, snapshot_id, taken_at, host, paths, tags)
        values (@organization, @repository, @snapshot, @now, @host, @paths, @tags) on conflict do nothing
        """;

    private const string FailedSql = """
        update runs set dump_state = @dump, store_state = @store, prove_state = 'skipped', error = @error where organization_id = @organization and id = @id
        """;

    private const string PostponedSql = "update runs set dump_state = 'waiting', store_state = 'waiting', error = @error where organization_id = @organization and id = @id";
    private const string ProofPostponedSql = "update runs set prove_state = 'waiting', prove_error = @error where organization_id = @organization and id = @id";
    private const string ProvingSql = "update runs set prove_state = 'running', prove_error = null where organization_id = @organization and id = @id";

    private const string ProvenSql = """
        update runs set prove_state = @state, prove_error = @error, compared = @compared, differences = @differences, restore_ms = @restoreMs, compare_ms = @compareMs, proven_at = @provenAt
        where organization_id = @organization and id = @id
        """;

    private const string PlanProvenSql = "update plans set last_proven_at = @provenAt where organization_id = @organization and id = @plan";

    public Task Started(OrganizationId organization, Actor actor, RunRow run, CancellationToken cancel) => Step(StartSql, "backup.started", organization, actor, run, cancel);

    public Task Dumped(OrganizationId organization, Actor actor, RunRow run, CancellationToken cancel) => Step(DumpedSql, "backup.dumped", organization, actor, run, cancel);

    public Task Stored(OrganizationId organization, Actor actor, RunRow run, StoredDump dump, int proofPriority, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                var connection = transaction.Connection!;
                var proof = run.ProveState is StageState.Skipped ? null : await runs.EnqueueProof(transaction, organization, actor, run, proofPriority, cancel);
                var objects = dump.Report.Items.SelectMany(item => item.Objects.Select(o => new { organization, id = run.Id, Item = item.Name, o.Name, o.Rows, o.Bytes, o.Checksum })).ToList();
                await connection.ExecuteAsync(new CommandDefinition(
                    StoredSql,
                    new
                    {
                        organization, id = run.Id, snapshot = dump.SnapshotId, read = dump.ReadBytes, added = dump.NewBytes, stored = dump.StoredBytes, tables = objects.Count,
                        rows = objects.Sum(o => o.Rows ?? 0), tools = JsonSerializer.Serialize(dump.Report.Tools), items = JsonSerializer.Serialize(dump.Report.Items.Select(i => i.Name)),
                        now = time.GetUtcNow(), proof,
                    },
                    transaction,
                    cancellationToken: cancel));
                await connection.ExecuteAsync(new CommandDefinition(ClearObjectsSql, new { organization, id = run.Id }, transaction, cancellationToken: cancel));
                await connection.ExecuteAsync(new CommandDefinition(ObjectSql, objects, transaction, cancellationToken: cancel));
                await connection.ExecuteAsync(new CommandDefinition(
                    SnapshotSql,
                    new
                    {
                        organization, repository = run.RepositoryId, snapshot = dump.SnapshotId, now = dump.TakenAt, host = dump.Host, paths = JsonSerializer.Serialize(dump.Paths),
                        tags = JsonSerializer.Serialize(dump.Tags),
                    },
                    transaction,
                    cancellationToken: cancel));
                await audit.Record(transaction, organization, actor, new AuditEntry("backup.stored", "run", run.Id, run.PlanName ?? run.Id) { Detail = new Dictionary<string, string> { ["snapshot"] = dump.SnapshotId } }, cancel);
            },
            cancel);

    /// Neither dump nor store came to anything; no snapshot was written.
    public Task Failed(OrganizationId organization, Actor actor, RunRow run, StageState dump, StageState store, string error, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                    FailedSql, new { organization, id = run.Id, dump = dump.Text(), store = store.Text(), error }, transaction, cancellationToken: cancel));
                await audit.Record(transaction, organization, actor, new AuditEntry("backup.failed", "run", run.Id, run.PlanName ?? run.Id), cancel);
            },
            cancel);

    /// This attempt came to nothing and another one follows: nothing is decided yet.
    public Task Postponed(OrganizationId organization, Actor actor, RunRow run, string error, CancellationToken cancel) => Step(PostponedSql, "backup.postponed", organization, actor, run, cancel, error);

    public Task ProofPostponed(OrganizationId organization, Actor actor, RunRow run, string error, CancellationToken cancel) => Step(ProofPostponedSql, "proof.postponed", organization, actor, run, cancel, error);

    public Task Proving(OrganizationId organization, Actor actor, RunRow run, CancellationToken cancel) => Step(ProvingSql, "proof.started", organization, actor, run, cancel);

    public Task Proven(OrganizationId organization, Actor actor, RunRow run, ProofOutcome proof, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                DateTimeOffset? provenAt = proof.State is StageState.Done ? time.GetUtcNow() : null;
                await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                    ProvenSql,
                    new
                    {
                        organization, id = run.Id, state = proof.State.Text(), error = proof.Error, compared = JsonSerializer.Serialize(proof.Compared),
                        differences = JsonSerializer.Serialize(proof.Differences), restoreMs = (long)proof.Restoring.TotalMilliseconds, compareMs = (long)proof.Comparing.TotalMilliseconds, provenAt,
                    },
                    transaction,
                    cancellationToken: cancel));
                if (provenAt is not null)
                {
                    await transaction.Connection!.ExecuteAsync(new CommandDefinition(PlanProvenSql, new { organization, plan = run.PlanId, provenAt }, transaction, cancellationToken: cancel));
                }

                var action = proof.State is StageState.Done ? "backup.proven" : "backup.not-proven";
                await audit.Record(transaction, organization, actor, new AuditEntry(action, "run", run.Id, run.PlanName ?? run.Id), cancel);
            },
            cancel);

    private Task Step(string sql, string action, OrganizationId organization, Actor actor, RunRow run, CancellationToken cancel, string? error = null) =>
        database.Write(
            async transaction =>
            {
                await transaction.Connection!.ExecuteAsync(new CommandDefinition(sql, new { organization, id = run.Id, error, now = time.GetUtcNow() }, transaction, cancellationToken: cancel));
                await audit.Record(transaction, organization, actor, new AuditEntry(action, "run", run.Id, run.PlanName ?? run.Id), cancel);
            },
            cancel);
}

/// A dump that is committed to its repository.
internal sealed record StoredDump(
    string SnapshotId, DateTimeOffset TakenAt, string Host, IReadOnlyList<string> Paths, IReadOnlyList<string> Tags, long ReadBytes, long NewBytes, long StoredBytes, DumpReport Report);

/// What a proof came to.
internal sealed record ProofOutcome(
    StageState State, string? Error, IReadOnlyDictionary<string, long> Compared, IReadOnlyList<ProofDifference> Differences, TimeSpan Restoring, TimeSpan Comparing);
