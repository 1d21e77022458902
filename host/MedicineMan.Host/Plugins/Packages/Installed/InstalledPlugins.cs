using System.Data.Common;
using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Plugins.Capabilities.Stores;

namespace MedicineMan.Host.Plugins.Packages.Installed;

/// Which plugins are installed, in which versions, and which keys their publishers have. It belongs to the whole installation, so it is kept
/// under its first organisation. Every change is audited in its own transaction.
internal sealed class InstalledPlugins(Database database, AuditLog audit, TimeProvider time)
{
    private const string Columns = """
        id, name, publisher, source, enabled, active_version as ActiveVersion, previous_version as PreviousVersion, pending_version as PendingVersion,
        blocked, failure, changed_at as ChangedAt
        """;

    private const string ListSql = $"select {Columns} from installed_plugins where organization_id = @organization order by name, id";
    private const string FindSql = $"select {Columns} from installed_plugins where organization_id = @organization and id = @id";

    private const string PutSql = """
        insert into installed_plugins (organization_id, id, name, publisher, source, enabled, active_version, previous_version, pending_version, blocked, failure, changed_at)
        values (@organization, @Id, @Name, @Publisher, @Source, @enabled, @ActiveVersion, @PreviousVersion, @PendingVersion, @Blocked, @Failure, @now)
        on conflict (organization_id, id) do update set name = excluded.name, publisher = excluded.publisher, source = excluded.source, enabled = excluded.enabled,
            active_version = excluded.active_version, previous_version = excluded.previous_version, pending_version = excluded.pending_version,
            blocked = excluded.blocked, failure = excluded.failure, changed_at = excluded.changed_at
        """;

    private const string DeleteSql = "delete from installed_plugins where organization_id = @organization and id = @id";
    private const string DeleteVersionsSql = "delete from plugin_versions where organization_id = @organization and plugin_id = @id";
    private const string DeleteGrantsSql = "delete from plugin_grants where organization_id = @organization and plugin_id = @id";
    private const string DeleteVersionSql = "delete from plugin_versions where organization_id = @organization and plugin_id = @id and version = @version";

    private const string VersionsSql = """
        select plugin_id as PluginId, version, sha256, checksums_sha256 as ChecksumsSha256, key_fingerprint as KeyFingerprint, source, installed_at as InstalledAt
        from plugin_versions where organization_id = @organization and (@id is null or plugin_id = @id) order by plugin_id, installed_at
        """;

    private const string PutVersionSql = """
        insert into plugin_versions (organization_id, plugin_id, version, sha256, checksums_sha256, key_fingerprint, source, installed_at)
        values (@organization, @PluginId, @Version, @Sha256, @ChecksumsSha256, @KeyFingerprint, @Source, @now)
        on conflict (organization_id, plugin_id, version) do nothing
        """;

    private const string PinsSql = "select id, public_key as PublicKey, fingerprint, source from plugin_publishers where organization_id = @organization order by id";

    private const string PutPinSql = """
        insert into plugin_publishers (organization_id, id, public_key, fingerprint, source, pinned_at) values (@organization, @Id, @PublicKey, @Fingerprint, @Source, @now)
        on conflict (organization_id, id) do update set public_key = excluded.public_key, fingerprint = excluded.fingerprint, source = excluded.source, pinned_at = excluded.pinned_at
        """;

    private static OrganizationId House => OrganizationId.Default;

    public Task<IReadOnlyList<InstalledPlugin>> List(CancellationToken cancel) => Read<InstalledPlugin>(ListSql, new { organization = House }, cancel);

    public async Task<InstalledPlugin?> Find(string id, CancellationToken cancel) =>
        (await Read<InstalledPlugin>(FindSql, new { organization = House, id }, cancel)).SingleOrDefault();

    /// All versions on this host, or those of one plugin.
    public Task<IReadOnlyList<InstalledVersion>> Versions(string? id, CancellationToken cancel) =>
        Read<InstalledVersion>(VersionsSql, new { organization = House, id }, cancel);

    public async Task<InstalledVersion?> Version(string id, string version, CancellationToken cancel) =>
        (await Versions(id, cancel)).FirstOrDefault(one => one.Version == version);

    public Task<IReadOnlyList<PublisherPin>> Pins(CancellationToken cancel) => Read<PublisherPin>(PinsSql, new { organization = House }, cancel);

    /// Writes what becomes of a plugin, drops the versions it no longer keeps, and audits it.
    /// <param name="next">The row as it is to be, from the row as it is; null when there is none.</param>
    /// <param name="also">What belongs to the same change.</param>
    public Task<InstalledPlugin> Change(
        Actor actor, AuditEntry entry, Func<InstalledPlugin?, InstalledPlugin> next, Func<DbTransaction, Task>? also, CancellationToken cancel) => database.Write(
        async transaction =>
        {
            var (connection, key) = (transaction.Connection!, new { organization = House, id = entry.SubjectId });
            var row = next(await connection.QuerySingleOrDefaultAsync<InstalledPlugin>(new CommandDefinition(FindSql, key, transaction, cancellationToken: cancel)));
            await connection.ExecuteAsync(new CommandDefinition(
                PutSql,
                new { organization = House, row.Id, row.Name, row.Publisher, row.Source, enabled = row.Enabled ? 1 : 0, row.ActiveVersion, row.PreviousVersion, row.PendingVersion, row.Blocked, row.Failure, now = time.GetUtcNow() },
                transaction,
                cancellationToken: cancel));
            await (also?.Invoke(transaction) ?? Task.CompletedTask);
            foreach (var version in await connection.QueryAsync<InstalledVersion>(new CommandDefinition(VersionsSql, key, transaction, cancellationToken: cancel)))
            {
                if (!row.Keeps(version.Version))
                {
                    await connection.ExecuteAsync(new CommandDefinition(DeleteVersionSql, new { organization = House, id = row.Id, version = version.Version }, transaction, cancellationToken: cancel));
                }
            }

            await audit.Record(transaction, House, actor, entry, cancel);
            return row;
        },
        cancel);

    /// Adds a version's hashes and pins its publisher's key, inside a change.
    public async Task Add(DbTransaction transaction, Actor actor, InstalledVersion version, PublisherPin? pin, CancellationToken cancel)
    {
        var (connection, now) = (transaction.Connection!, time.GetUtcNow());
        await connection.ExecuteAsync(new CommandDefinition(
            PutVersionSql,
            new { organization = House, version.PluginId, version.Version, version.Sha256, version.ChecksumsSha256, version.KeyFingerprint, version.Source, now },
            transaction,
            cancellationToken: cancel));
        var known = await connection.QueryAsync<PublisherPin>(new CommandDefinition(PinsSql, new { organization = House }, transaction, cancellationToken: cancel));
        if (pin is not null && known.FirstOrDefault(one => one.Id == pin.Id) is var before && before?.PublicKey != pin.PublicKey)
        {
            await connection.ExecuteAsync(new CommandDefinition(PutPinSql, new { organization = House, pin.Id, pin.PublicKey, pin.Fingerprint, pin.Source, now }, transaction, cancellationToken: cancel));
            var detail = new Dictionary<string, string> { ["was"] = before?.Fingerprint ?? "", ["is"] = pin.Fingerprint, ["source"] = pin.Source };
            await audit.Record(transaction, House, actor, new AuditEntry("plugin.publisher-pinned", "plugin-publisher", pin.Id, pin.Id) { Detail = detail }, cancel);
        }
    }

    /// Forgets the plugin with its versions and approvals. Its publisher's key stays pinned.
    public Task Remove(Actor actor, InstalledPlugin plugin, CancellationToken cancel) => database.Write(
        async transaction =>
        {
            foreach (var sql in new[] { DeleteSql, DeleteVersionsSql, DeleteGrantsSql })
            {
                await transaction.Connection!.ExecuteAsync(new CommandDefinition(sql, new { organization = House, id = plugin.Id }, transaction, cancellationToken: cancel));
            }

            await Leftovers.Remove(transaction, plugin.Id, cancel);
            await audit.Record(transaction, House, actor, new AuditEntry("plugin.removed", "plugin", plugin.Id, plugin.Name), cancel);
        },
        cancel);

    private async Task<IReadOnlyList<T>> Read<T>(string sql, object values, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(House, cancel);
        return [.. await connection.QueryAsync<T>(new CommandDefinition(sql, values, cancellationToken: cancel))];
    }
}
