using Dapper;
using MedicineMan.Host.Access;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;

namespace MedicineMan.Host.Setup;

/// How far setup has come. Nearly all of it is seen from the data itself; a row keeps only what cannot be: that the recovery kit
/// was stored elsewhere, and that somebody chose to be done.
internal sealed class SetupState(Database database, AuditLog audit, TimeProvider time)
{
    private const string ReadSql = """
        select kit_confirmed_at as KitConfirmedAt, finished_at as FinishedAt,
               exists (select 1 from members m where m.organization_id = setup.organization_id and m.role = 'owner') as HasOwner
        from setup where organization_id = @organization
        """;

    private const string ConfirmKitSql = "update setup set kit_confirmed_at = @now where organization_id = @organization and kit_confirmed_at is null";
    private const string FinishSql = "update setup set finished_at = @now where organization_id = @organization and finished_at is null";

    // An owner never goes away again, so once seen it need not be asked for with every page.
    private volatile bool hasOwner;

    public async ValueTask<bool> HasOwner(CancellationToken cancel) =>
        hasOwner || (hasOwner = (await Read(OrganizationId.Default, cancel)).HasOwner);

    public async Task<SetupRow> Read(OrganizationId organization, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(organization, cancel);
        return await connection.QuerySingleOrDefaultAsync<SetupRow>(new CommandDefinition(ReadSql, new { organization }, cancellationToken: cancel)) ?? new SetupRow();
    }

    public Task ConfirmKit(Visitor visitor, CancellationToken cancel) => Change(visitor, ConfirmKitSql, "recovery-kit.confirmed", cancel);

    /// The kit holds the master key: who takes it is on record.
    public Task RecordDownload(Visitor visitor, CancellationToken cancel) => database.Write(
        transaction => audit.Record(
            transaction, visitor.Organization, visitor.Actor, new AuditEntry("recovery-kit.downloaded", "setup", visitor.Organization.Value, visitor.OrganizationName), cancel),
        cancel);

    public Task Finish(Visitor visitor, CancellationToken cancel) => Change(visitor, FinishSql, "setup.finished", cancel);

    private Task Change(Visitor visitor, string sql, string action, CancellationToken cancel) => database.Write(
        async transaction =>
        {
            var changed = await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                sql, new { organization = visitor.Organization, now = time.GetUtcNow() }, transaction, cancellationToken: cancel));
            if (changed > 0)
            {
                await audit.Record(transaction, visitor.Organization, visitor.Actor, new AuditEntry(action, "setup", visitor.Organization.Value, visitor.OrganizationName), cancel);
            }
        },
        cancel);
}

internal sealed record SetupRow
{
    public DateTimeOffset? KitConfirmedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public bool HasOwner { get; init; }
}
