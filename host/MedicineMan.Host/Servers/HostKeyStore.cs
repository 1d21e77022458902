using System.Data.Common;
using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Servers.Ssh;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Servers;

/// Which host key each server must show. One that a server offers waits here until a person has looked at it: the first one is confirmed, a changed one
/// approved with a reason.
internal sealed class HostKeyStore(Database database, AuditLog audit, TimeProvider time)
{
    private const string KeysSql = """
        select name, host_key as HostKey, host_key_fingerprint as Fingerprint, pending_host_key as PendingHostKey, pending_host_key_fingerprint as PendingFingerprint
        from servers where organization_id = @organization and id = @id
        """;

    private const string PinSql = """
        update servers set host_key = @key, host_key_fingerprint = @fingerprint, pending_host_key = null, pending_host_key_fingerprint = null, pending_host_key_at = null
        where organization_id = @organization and id = @id
        """;

    private const string PendSql = """
        update servers set pending_host_key = @key, pending_host_key_fingerprint = @fingerprint, pending_host_key_at = @now, state = 'failed', last_error = @error
        where organization_id = @organization and id = @id
        """;

    private const string OfferSql = """
        update servers set pending_host_key = @key, pending_host_key_fingerprint = @fingerprint, pending_host_key_at = @now
        where organization_id = @organization and id = @id and host_key is null
        """;

    /// A server that has no pinned key yet showed this one in a connection test.
    public Task RecordOfferedKey(OrganizationId organization, string id, HostKey key, CancellationToken cancel) => Change(
        organization, id,
        async (transaction, keys) =>
        {
            var written = await Write(transaction, OfferSql, organization, id, key, null, cancel);
            if (written > 0 && keys.PendingHostKey != key.Text)
            {
                await Record(transaction, organization, id, keys, Actor.System, "server.host-key-offered", new() { ["fingerprint"] = key.Fingerprint }, cancel);
            }
        },
        cancel);

    /// A person compared the fingerprint of the key that the server showed last. What is pinned is that key, not one that came with the request.
    public Task PinOfferedKey(OrganizationId organization, string id, string fingerprint, Actor actor, CancellationToken cancel) => Change(
        organization, id,
        async (transaction, keys) =>
        {
            if (keys.HostKey is null && (keys.PendingHostKey is null || keys.PendingFingerprint != fingerprint))
            {
                throw new UserFacingException($"{keys.Name} did not show the host key {fingerprint} in its last connection test. Test the connection again and compare the key it shows.") { Permanent = true };
            }

            if (keys.Fingerprint != fingerprint)
            {
                await Pin(transaction, organization, id, keys, new HostKey(keys.PendingHostKey ?? keys.HostKey!), actor, cancel);
            }
        },
        cancel);

    /// A server showed another key than the pinned one. Once for each new key.
    public Task RecordChangedKey(OrganizationId organization, string id, ChangedHostKeyException changed, CancellationToken cancel) => Change(
        organization, id,
        async (transaction, keys) =>
        {
            if (keys.PendingHostKey != changed.Offered.Text && keys.HostKey == changed.Pinned.Text)
            {
                await Write(transaction, PendSql, organization, id, changed.Offered, changed.Message, cancel);
                await Record(transaction, organization, id, keys, Actor.System, "server.host-key-changed",
                    new() { ["pinned"] = changed.Pinned.Fingerprint, ["offered"] = changed.Offered.Fingerprint }, cancel);
            }
        },
        cancel);

    /// <param name="fingerprint">
    /// What the person saw; a third key that came in between is not approved unseen.
    /// </param>
    public Task ApproveHostKey(OrganizationId organization, string id, string fingerprint, string reason, Actor actor, CancellationToken cancel) => Change(
        organization, id,
        async (transaction, keys) =>
        {
            if (string.IsNullOrWhiteSpace(reason))
            {
                throw new UserFacingException("Say why the host key changed; the reason is kept in the audit trail.") { Permanent = true };
            }

            if (keys.HostKey is null || keys.PendingHostKey is null || keys.PendingFingerprint != fingerprint)
            {
                throw new UserFacingException($"{keys.Name} has no new host key {fingerprint} to approve. Look at the server's page again.") { Permanent = true };
            }

            await Write(transaction, PinSql, organization, id, new HostKey(keys.PendingHostKey), null, cancel);
            await Record(transaction, organization, id, keys, actor, "server.host-key-approved",
                new() { ["was"] = keys.Fingerprint ?? "", ["is"] = fingerprint, ["reason"] = reason.Trim() }, cancel);
        },
        cancel);

    private async Task Pin(DbTransaction transaction, OrganizationId organization, string id, Keys keys, HostKey key, Actor actor, CancellationToken cancel)
    {
        if (keys.HostKey is not null)
        {
            throw new UserFacingException($"{keys.Name} already has the pinned host key {keys.Fingerprint}. Another one needs an approval with a reason.") { Permanent = true };
        }

        await Write(transaction, PinSql, organization, id, key, null, cancel);
        await Record(transaction, organization, id, keys, actor, "server.host-key-pinned", new() { ["fingerprint"] = key.Fingerprint }, cancel);
    }

    private Task Change(OrganizationId organization, string id, Func<DbTransaction, Keys, Task> change, CancellationToken cancel) => database.Write(
        async transaction =>
        {
            var keys = await transaction.Connection!.QuerySingleOrDefaultAsync<Keys>(new CommandDefinition(KeysSql, new { organization, id }, transaction, cancellationToken: cancel))
                ?? throw new UserFacingException("The server is no longer in the list.") { Permanent = true };
            await change(transaction, keys);
        },
        cancel);

    private Task<int> Write(DbTransaction transaction, string sql, OrganizationId organization, string id, HostKey key, string? error, CancellationToken cancel) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(
            sql, new { organization, id, key = key.Text, fingerprint = key.Fingerprint, error, now = time.GetUtcNow() }, transaction, cancellationToken: cancel));

    private Task Record(
        DbTransaction transaction, OrganizationId organization, string id, Keys keys, Actor actor, string action, Dictionary<string, string> detail, CancellationToken cancel) =>
        audit.Record(transaction, organization, actor, new AuditEntry(action, "server", id, keys.Name) { Detail = detail }, cancel);

    private sealed record Keys
    {
        public required string Name { get; init; }

        public string? HostKey { get; init; }

        public string? Fingerprint { get; init; }

        public string? PendingHostKey { get; init; }

        public string? PendingFingerprint { get; init; }
    }
}
