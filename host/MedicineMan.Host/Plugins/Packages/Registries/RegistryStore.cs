using System.Data.Common;
using System.Text;
using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Plugins.Packages.Registries;

/// The registries that were added, each with its pinned key and the highest serial seen of it.
internal sealed class RegistryStore(Database database, AuditLog audit, TimeProvider time)
{
    private const string Columns = "id, name, location, public_key as PublicKey, offered_key as OfferedKey, serial, content, error, checked_at as CheckedAt";
    private const string ListSql = $"select {Columns} from plugin_registries where organization_id = @organization order by name, id";
    private const string FindSql = $"select {Columns} from plugin_registries where organization_id = @organization and id = @id";
    private const string TakenSql = "select name from plugin_registries where organization_id = @organization and location = @location";
    private const string DeleteSql = "delete from plugin_registries where organization_id = @organization and id = @id";

    private const string AddSql = """
        insert into plugin_registries (organization_id, id, name, location, public_key, serial, content, checked_at, added_at)
        values (@organization, @id, @Name, @location, @key, @Serial, @content, @now, @now)
        """;

    private const string ReadSql = """
        update plugin_registries set name = @Name, serial = @Serial, content = @content, offered_key = null, error = null, checked_at = @now
        where organization_id = @organization and id = @id and serial <= @Serial
        """;

    private const string FailedSql = "update plugin_registries set error = @error, offered_key = @offered, checked_at = @now where organization_id = @organization and id = @id";
    private const string TrustSql = "update plugin_registries set public_key = offered_key, offered_key = null where organization_id = @organization and id = @id and offered_key = @offered";

    private static OrganizationId House => OrganizationId.Default;

    public async Task<IReadOnlyList<RegistryRow>> List(CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(House, cancel);
        return [.. await connection.QueryAsync<RegistryRow>(new CommandDefinition(ListSql, new { organization = House }, cancellationToken: cancel))];
    }

    public async Task<RegistryRow?> Find(string id, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(House, cancel);
        return await connection.QuerySingleOrDefaultAsync<RegistryRow>(new CommandDefinition(FindSql, new { organization = House, id }, cancellationToken: cancel));
    }

    public Task<string> Add(Actor actor, string location, PluginRegistry registry, string key, string fingerprint, byte[] content, CancellationToken cancel) => database.Write(
        async transaction =>
        {
            var connection = transaction.Connection!;
            if (await connection.ExecuteScalarAsync<string?>(new CommandDefinition(TakenSql, new { organization = House, location }, transaction, cancellationToken: cancel)) is { } taken)
            {
                throw new UserFacingException($"{location} is listed already, as {taken}.") { Permanent = true };
            }

            var id = Ids.New(time);
            await connection.ExecuteAsync(new CommandDefinition(
                AddSql, new { organization = House, id, registry.Name, location, key, registry.Serial, content = Encoding.UTF8.GetString(content), now = time.GetUtcNow() }, transaction, cancellationToken: cancel));
            await Record(transaction, actor, "plugin-registry.added", id, registry.Name, new() { ["location"] = location, ["key"] = fingerprint }, cancel);
            return id;
        },
        cancel);

    /// A newer state that was checked. A serial that another node raised meanwhile is not lowered.
    public Task Put(string id, PluginRegistry registry, byte[] content, CancellationToken cancel) => database.Write(
        transaction => transaction.Connection!.ExecuteAsync(new CommandDefinition(
            ReadSql, new { organization = House, id, registry.Name, registry.Serial, content = Encoding.UTF8.GetString(content), now = time.GetUtcNow() }, transaction, cancellationToken: cancel)),
        cancel);

    public Task Failed(RegistryRow row, string error, string? offered, CancellationToken cancel) => database.Write(
        async transaction =>
        {
            await transaction.Connection!.ExecuteAsync(new CommandDefinition(FailedSql, new { organization = House, id = row.Id, error, offered, now = time.GetUtcNow() }, transaction, cancellationToken: cancel));
            if (offered is not null && offered != row.OfferedKey)
            {
                await Record(transaction, Actor.System, "plugin-registry.key-changed", row.Id, row.Name, new() { ["pinned"] = row.Fingerprint, ["offered"] = Format.PackageKey.Fingerprint(offered) }, cancel);
            }
        },
        cancel);

    /// A person compared the new key; what is pinned is the key that was shown.
    public Task Trust(Actor actor, RegistryRow row, CancellationToken cancel) => database.Write(
        async transaction =>
        {
            await transaction.Connection!.ExecuteAsync(new CommandDefinition(TrustSql, new { organization = House, id = row.Id, offered = row.OfferedKey }, transaction, cancellationToken: cancel));
            await Record(transaction, actor, "plugin-registry.key-approved", row.Id, row.Name, new() { ["was"] = row.Fingerprint, ["is"] = row.OfferedFingerprint ?? "" }, cancel);
        },
        cancel);

    public Task Remove(Actor actor, RegistryRow row, CancellationToken cancel) => database.Write(
        async transaction =>
        {
            await transaction.Connection!.ExecuteAsync(new CommandDefinition(DeleteSql, new { organization = House, id = row.Id }, transaction, cancellationToken: cancel));
            await Record(transaction, actor, "plugin-registry.removed", row.Id, row.Name, new() { ["location"] = row.Location }, cancel);
        },
        cancel);

    private Task Record(DbTransaction transaction, Actor actor, string action, string id, string name, Dictionary<string, string> detail, CancellationToken cancel) =>
        audit.Record(transaction, House, actor, new AuditEntry(action, "plugin-registry", id, name) { Detail = detail }, cancel);
}
