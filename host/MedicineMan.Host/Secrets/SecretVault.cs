using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Secrets;

namespace MedicineMan.Host.Secrets;

/// The vault: a data key of its own seals each secret, the organisation's key seals the data keys, the master key seals that one. What is
/// bound into each seal keeps rows from being swapped; each names the key above it, so that rotation can re-wrap without re-encrypting.
internal sealed class SecretVault(Database database, KeyRing ring, AuditLog audit, TimeProvider time)
{
    private const string MasterIdsSql = "select distinct master_key_id from organization_keys";
    private const string KeyOfSql = "select id, master_key_id as MasterKeyId, wrapped from organization_keys where organization_id = @organization";

    private const string AddKeySql = """
        insert into organization_keys (id, organization_id, master_key_id, wrapped, created_at) values (@id, @organization, @master, @wrapped, @now)
        on conflict do nothing
        """;

    private const string PutSql = """
        insert into secrets (id, organization_id, kind, name, organization_key_id, wrapped_key, sealed, created_at)
        values (@id, @organization, @kind, @name, @keyId, @wrapped, @box, @now)
        """;

    private const string OneSql = """
        select id, kind, name, organization_key_id as KeyId, wrapped_key as Wrapped, sealed as Box from secrets where organization_id = @organization and id = @id
        """;

    private const string DeleteSql = "delete from secrets where organization_id = @organization and id = @id returning name";

    /// <summary>At start: is there a master key for all that is stored?</summary>
    /// <exception cref="UserFacingException">Names the key that is missing.</exception>
    public async Task CheckKeys(CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(cancel);
        foreach (var id in await connection.QueryAsync<string>(new CommandDefinition(MasterIdsSql, cancellationToken: cancel)))
        {
            if (ring.Find(id) is null)
            {
                throw MissingKey(id);
            }
        }
    }

    /// Ties an organisation to the master key before it has any secret, so that a wrong key shows from the first start on.
    public Task Bind(OrganizationId organization, CancellationToken cancel) => database.Write(transaction => KeyOf(transaction, organization, cancel), cancel);

    /// Whether any secret was ever stored: then a missing master key is never replaced by a new one.
    public static async Task<bool> HoldsData(Database database, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(cancel);
        return (await connection.QueryAsync<string>(new CommandDefinition(MasterIdsSql, cancellationToken: cancel))).Any();
    }

    /// <param name="kind">
    /// What it is: <c>ssh-password</c>, <c>ssh-key</c>, <c>database-password</c>, <c>repository-password</c>.
    /// </param>
    /// <param name="name">For people and the audit trail: "Password of web-1".</param>
    public async Task<SecretRef> Put(
        DbTransaction transaction, OrganizationId organization, string kind, string name, string value, Actor actor, CancellationToken cancel)
    {
        var (keyId, key) = await KeyOf(transaction, organization, cancel);
        var id = Guid.CreateVersion7().ToString("N");
        var data = RandomNumberGenerator.GetBytes(SealedBox.KeySize);
        var box = SealedBox.Seal(data, Encoding.UTF8.GetBytes(value), "secret", organization.Value, kind, id);
        var wrapped = SealedBox.Seal(key, data, "data key", organization.Value, kind, id, keyId);
        await transaction.Connection!.ExecuteAsync(new CommandDefinition(
            PutSql, new { id, organization, kind, name, keyId, wrapped, box, now = time.GetUtcNow() }, transaction, cancellationToken: cancel));
        await audit.Record(transaction, organization, actor, new AuditEntry("secret.stored", "secret", id, name), cancel);
        return new SecretRef(id);
    }

    /// <summary>Opens a secret. The access is in the audit trail before the value is out.</summary>
    /// <param name="purpose">For people: "scan of web-1".</param>
    public async Task<string> Open(OrganizationId organization, SecretRef secret, Actor actor, string purpose, CancellationToken cancel)
    {
        var row = await database.Write(
            async transaction =>
            {
                var found = await transaction.Connection!.QuerySingleOrDefaultAsync<SecretRow>(
                    new CommandDefinition(OneSql, new { organization, id = secret.Id }, transaction, cancellationToken: cancel)) ?? throw Gone();
                var entry = new AuditEntry("secret.opened", "secret", found.Id, found.Name) { Detail = new Dictionary<string, string> { ["purpose"] = purpose } };
                await audit.Record(transaction, organization, actor, entry, cancel);
                return found;
            },
            cancel);
        await using var connection = await database.OpenRead(organization, cancel);
        var above = await connection.QuerySingleAsync<KeyRow>(new CommandDefinition(KeyOfSql, new { organization }, cancellationToken: cancel));
        try
        {
            var key = Unwrap(organization, above);
            var data = SealedBox.Open(key, row.Wrapped, "data key", organization.Value, row.Kind, row.Id, row.KeyId);
            return Encoding.UTF8.GetString(SealedBox.Open(data, row.Box, "secret", organization.Value, row.Kind, row.Id));
        }
        catch (CryptographicException changed)
        {
            throw new UserFacingException($"The stored secret \"{row.Name}\" cannot be opened: its row was changed outside of Medicine Man. Enter it again.", changed) { Permanent = true };
        }
    }

    public async Task Delete(DbTransaction transaction, OrganizationId organization, SecretRef secret, Actor actor, CancellationToken cancel)
    {
        var name = await transaction.Connection!.QuerySingleOrDefaultAsync<string>(
            new CommandDefinition(DeleteSql, new { organization, id = secret.Id }, transaction, cancellationToken: cancel));
        if (name is not null)
        {
            await audit.Record(transaction, organization, actor, new AuditEntry("secret.deleted", "secret", secret.Id, name), cancel);
        }
    }

    private async Task<(string Id, byte[] Key)> KeyOf(DbTransaction transaction, OrganizationId organization, CancellationToken cancel)
    {
        var connection = transaction.Connection!;
        var row = await connection.QuerySingleOrDefaultAsync<KeyRow>(new CommandDefinition(KeyOfSql, new { organization }, transaction, cancellationToken: cancel));
        if (row is null)
        {
            var id = Guid.CreateVersion7().ToString("N");
            var wrapped = SealedBox.Seal(ring.Current.Bytes, RandomNumberGenerator.GetBytes(SealedBox.KeySize), "organisation key", organization.Value, id, ring.Current.Id);
            var made = await connection.ExecuteAsync(new CommandDefinition(
                AddKeySql, new { id, organization, master = ring.Current.Id, wrapped, now = time.GetUtcNow() }, transaction, cancellationToken: cancel));
            if (made > 0)
            {
                await audit.Record(transaction, organization, Actor.System, new AuditEntry("organization-key.made", "organization", organization.Value, "Key of the organisation's secrets"), cancel);
            }

            // Another node may have been first; its key counts then.
            row = await connection.QuerySingleAsync<KeyRow>(new CommandDefinition(KeyOfSql, new { organization }, transaction, cancellationToken: cancel));
        }

        return (row.Id, Unwrap(organization, row));
    }

    private byte[] Unwrap(OrganizationId organization, KeyRow row) => SealedBox.Open(
        (ring.Find(row.MasterKeyId) ?? throw MissingKey(row.MasterKeyId)).Bytes, row.Wrapped, "organisation key", organization.Value, row.Id, row.MasterKeyId);

    private UserFacingException MissingKey(string id) => new(
        $"The data was sealed with the master key {id}, but the key at hand is {ring.Current.Id}. Put the key of that id, from its recovery kit, into {KeyRing.FileName} or " +
        $"{KeyRing.Variable}. Nothing was changed.") { Permanent = true };

    private static UserFacingException Gone() => new("The stored secret no longer exists. Enter it again.") { Permanent = true };

    private sealed record KeyRow
    {
        public required string Id { get; init; }

        public required string MasterKeyId { get; init; }

        public required byte[] Wrapped { get; init; }
    }

    private sealed record SecretRow
    {
        public required string Id { get; init; }

        public required string Kind { get; init; }

        public required string Name { get; init; }

        public required string KeyId { get; init; }

        public required byte[] Wrapped { get; init; }

        public required byte[] Box { get; init; }
    }
}
