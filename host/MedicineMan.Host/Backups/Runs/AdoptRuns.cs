using System.Text.Json;
using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Repository;

namespace MedicineMan.Host.Backups.Runs;

/// Our snapshots say what they hold. Those that no run here has made, because another installation wrote them or this one lost its database,
/// become runs without a plan, so that they are restored like any other.
internal sealed class AdoptRuns(Database database, AuditLog audit, TimeProvider time)
{
    private const string RunTag = "run:";
    private const string KnownSql = "select snapshot_id from runs where organization_id = @organization and repository_id = @repository and snapshot_id is not null";
    private const string OwnSql = "select 1 from runs where organization_id = @organization and id = @run";

    private const string InsertSql = """
        insert into runs (id, organization_id, plan_id, server_id, repository_id, kind, items, dump_state, store_state, prove_state, snapshot_id, read_bytes, tables, table_rows,
                          tools, origin, stored_at, created_at)
        values (@id, @organization, '', '', @repository, @Kind, @items, 'done', 'done', 'skipped', @snapshot, @read, @tables, @rows, @tools, @origin, @at, @at)
        on conflict do nothing
        """;

    public async Task From(OrganizationId organization, Actor actor, string repositoryId, BackupRepository repository, IReadOnlyList<SnapshotRow> snapshots, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(organization, cancel);
        var known = (await connection.QueryAsync<string>(new CommandDefinition(KnownSql, new { organization, repository = repositoryId }, cancellationToken: cancel))).ToHashSet();
        foreach (var snapshot in snapshots.Where(one => !known.Contains(one.SnapshotId)))
        {
            // A run whose snapshot is written but not yet noted is still at work; it notes it itself.
            if (snapshot.TagNames.FirstOrDefault(tag => tag.StartsWith(RunTag, StringComparison.Ordinal)) is { } tag
                && await connection.ExecuteScalarAsync<int?>(new CommandDefinition(OwnSql, new { organization, run = tag[RunTag.Length..] }, cancellationToken: cancel)) is null
                && await DumpDocument.Read(repository, snapshot.SnapshotId, cancel) is { } document)
            {
                await Adopt(organization, actor, repositoryId, snapshot, document, cancel);
            }
        }
    }

    private Task Adopt(OrganizationId organization, Actor actor, string repository, SnapshotRow snapshot, DumpDocument document, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                var id = Ids.New(time);
                var objects = document.Report.Items.SelectMany(item => item.Objects.Select(o => new { organization, id, Item = item.Name, o.Name, o.Rows, o.Bytes, o.Checksum })).ToList();
                var inserted = await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                    InsertSql,
                    new
                    {
                        id, organization, repository, document.Kind, items = JsonSerializer.Serialize(document.Report.Items.Select(item => item.Name)), snapshot = snapshot.SnapshotId,
                        read = objects.Sum(o => o.Bytes), tables = objects.Count, rows = objects.Sum(o => o.Rows ?? 0), tools = JsonSerializer.Serialize(document.Report.Tools),
                        origin = $"{document.Plan}, taken elsewhere from {document.Server}", at = snapshot.TakenAt,
                    },
                    transaction,
                    cancellationToken: cancel));
                if (inserted > 0)
                {
                    await transaction.Connection!.ExecuteAsync(new CommandDefinition(RunRecord.ObjectSql, objects, transaction, cancellationToken: cancel));
                    await audit.Record(
                        transaction, organization, actor, new AuditEntry("backup.adopted", "run", id, document.Plan) { Detail = new Dictionary<string, string> { ["snapshot"] = snapshot.SnapshotId } }, cancel);
                }
            },
            cancel);
}
