using System.Data.Common;
using System.Text.Json;
using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Secrets;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Servers;

/// The servers an organisation looks after: where they are, how to sign in, and the few facts a list shows. What a scan found lies in Scanning.
internal sealed class ServerStore(Database database, SecretVault vault, AuditLog audit, TimeProvider time)
{
    // In the order in which ServerRows reads them.
    private const string ListColumns = """
        id, name, address, port, kind, user_name as UserName, tags, state, seen_at as SeenAt, last_error as LastError, os_name as OsName,
        services_summary as ServicesSummary, disk_used_percent as DiskUsedPercent, case when pending_host_key is null or host_key is null then 0 else 1 end as HostKeyPending
        """;

    private const string AllColumns = $"""
        {ListColumns}, credential_kind as CredentialKind, credential_secret as CredentialSecret, host_key as HostKey, host_key_fingerprint as HostKeyFingerprint,
        pending_host_key as PendingHostKey, pending_host_key_fingerprint as PendingHostKeyFingerprint, pending_host_key_at as PendingHostKeyAt,
        scanned_at as ScannedAt, created_at as CreatedAt
        """;

    internal const string FirstPageSql = $"select {ListColumns} from servers where organization_id = @organization order by name, id limit @size";

    internal const string PageSql = $"""
        select {ListColumns} from servers
        where organization_id = @organization and (name, id) > (@name, @id)
          and (@search is null or search_text like @search escape '!') and (@tag is null or tags like @tag escape '!') and (@state is null or state = @state)
        order by name, id limit @size
        """;

    private const string FindSql = $"select {AllColumns} from servers where organization_id = @organization and id = @id";
    private const string LocalSql = "select id from servers where organization_id = @organization and kind = 'local' and id <> @id";

    private const string AddSql = """
        insert into servers (id, organization_id, name, address, port, kind, user_name, credential_kind, credential_secret, tags, search_text, state, created_at)
        values (@id, @organization, @Name, @Address, @Port, @Kind, @UserName, @credentialKind, @secret, @tags, @searchText, 'unknown', @now)
        """;

    // Another place is another machine: its key has to be looked at anew.
    private const string EditSql = """
        update servers set name = @Name, address = @Address, port = @Port, user_name = @UserName, credential_kind = @credentialKind, credential_secret = @secret,
            tags = @tags, search_text = @searchText,
            host_key = case when address = @Address and port = @Port then host_key end,
            host_key_fingerprint = case when address = @Address and port = @Port then host_key_fingerprint end,
            pending_host_key = null, pending_host_key_fingerprint = null, pending_host_key_at = null
        where organization_id = @organization and id = @id
        """;

    private const string UsedSql = "select name from plans where organization_id = @organization and (server_id = @id or proof_server_id = @id) order by name limit 1";
    private const string RemoveSql = "delete from servers where organization_id = @organization and id = @id";

    private const string ChangedStateSql = "update servers set state = @state where organization_id = @organization and id = @id and state <> @state returning name";

    private const string ContactSql = """
        update servers set last_error = @error, seen_at = case when @seen = 1 then @now else seen_at end
        where organization_id = @organization and id = @id
        """;

    /// <param name="search">
    /// Part of name, address or tag; null for all.
    /// </param>
    public Task<Page<ServerRow>> Page(OrganizationId organization, string? search, string? tag, string? after, int size, CancellationToken cancel) =>
        Page(organization, search, tag, null, after, size, cancel);

    /// <param name="state">
    /// One of <see cref="ServerState"/>; null for all.
    /// </param>
    public async Task<Page<ServerRow>> Page(OrganizationId organization, string? search, string? tag, string? state, string? after, int size, CancellationToken cancel)
    {
        var cursor = Cursor.Parse(after, 2);
        await using var connection = await database.OpenRead(organization, cancel);
        // Most visits are to the first page of everything; it costs fifty index entries and nothing else.
        var rows = cursor is null && string.IsNullOrWhiteSpace(search) && string.IsNullOrWhiteSpace(tag) && string.IsNullOrEmpty(state)
            ? await ServerRows.Read(connection, new CommandDefinition(FirstPageSql, new { organization, size = size + 1 }, cancellationToken: cancel), cancel)
            : await ServerRows.Read(connection, new CommandDefinition(
                PageSql,
                new
                {
                    organization,
                    name = cursor?.Keys[0] ?? "",
                    id = cursor?.Keys[1] ?? "",
                    search = Pattern(search, "%", "%"),
                    tag = Pattern(tag, "%\"", "\"%"),
                    state = string.IsNullOrEmpty(state) ? null : state,
                    size = size + 1,
                },
                cancellationToken: cancel), cancel);
        return Data.Page<ServerRow>.Of(rows, size, row => new Cursor(row.Name, row.Id));
    }

    public async Task<Server?> Find(OrganizationId organization, string id, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(organization, cancel);
        return await connection.QuerySingleOrDefaultAsync<Server>(new CommandDefinition(FindSql, new { organization, id }, cancellationToken: cancel));
    }

    /// <exception cref="UserFacingException">Says that it is gone.</exception>
    public async Task<Server> Get(OrganizationId organization, string id, CancellationToken cancel) =>
        await Find(organization, id, cancel) ?? throw Gone();

    /// <returns>The new server's id.</returns>
    public Task<string> Add(OrganizationId organization, ServerDraft draft, Actor actor, CancellationToken cancel)
    {
        draft.EnsureValid();
        return database.Write(
            async transaction =>
            {
                var id = Guid.CreateVersion7().ToString("N");
                await RefuseSecondLocal(transaction, organization, draft, id, cancel);
                var secret = await Store(transaction, organization, draft, actor, cancel);
                await Run(transaction, AddSql, Values(organization, id, draft, draft.Credential?.Kind, secret), cancel);
                await Record(transaction, organization, actor, "server.added", id, draft.Name.Trim(), Where(draft), cancel);
                return id;
            },
            cancel);
    }

    public Task Edit(OrganizationId organization, string id, ServerDraft draft, Actor actor, CancellationToken cancel)
    {
        draft.EnsureValid();
        return database.Write(
            async transaction =>
            {
                var old = await In(transaction, organization, id, cancel);
                var (kind, secret) = (old.CredentialKind, old.CredentialSecret);
                if (draft.Credential is not null)
                {
                    (kind, secret) = (draft.Credential.Kind, await Store(transaction, organization, draft, actor, cancel));
                }

                await Run(transaction, EditSql, Values(organization, id, draft with { Kind = old.Kind }, kind, secret), cancel);
                if (draft.Credential is not null && old.Credential is { } replaced)
                {
                    await vault.Delete(transaction, organization, replaced, actor, cancel);
                }

                await Record(transaction, organization, actor, "server.edited", id, draft.Name.Trim(), Where(draft), cancel);
            },
            cancel);
    }

    public Task Remove(OrganizationId organization, string id, Actor actor, CancellationToken cancel) => database.Write(
        async transaction =>
        {
            var old = await In(transaction, organization, id, cancel);
            if (await transaction.Connection!.ExecuteScalarAsync<string?>(new CommandDefinition(UsedSql, new { organization, id }, transaction, cancellationToken: cancel)) is { } plan)
            {
                throw new UserFacingException($"The plan \"{plan}\" backs {old.Name} up or proves its backups there. Change or remove the plan first; nothing was changed.") { Permanent = true };
            }

            await Run(transaction, RemoveSql, new { organization, id }, cancel);
            if (old.Credential is { } credential)
            {
                await vault.Delete(transaction, organization, credential, actor, cancel);
            }

            await Record(transaction, organization, actor, "server.removed", id, old.Name, null, cancel);
        },
        cancel);

    /// What the last contact told. Audited when it changes the server's state, not each time it is confirmed.
    /// <param name="state">
    /// One of <see cref="ServerState"/>.
    /// </param>
    public Task RecordContact(OrganizationId organization, string id, string state, string? error, CancellationToken cancel) => database.Write(
        async transaction =>
        {
            var values = new { organization, id, state, error, seen = state is ServerState.Online or ServerState.Reachable ? 1 : 0, now = time.GetUtcNow() };
            var changed = await transaction.Connection!.ExecuteScalarAsync<string?>(new CommandDefinition(ChangedStateSql, values, transaction, cancellationToken: cancel));
            await Run(transaction, ContactSql, values, cancel);
            if (changed is not null)
            {
                await Record(transaction, organization, Actor.System, $"server.{state}", id, changed, null, cancel);
            }
        },
        cancel);

    private static async Task<Server> In(DbTransaction transaction, OrganizationId organization, string id, CancellationToken cancel) =>
        await transaction.Connection!.QuerySingleOrDefaultAsync<Server>(new CommandDefinition(FindSql, new { organization, id }, transaction, cancellationToken: cancel)) ?? throw Gone();

    private static async Task RefuseSecondLocal(DbTransaction transaction, OrganizationId organization, ServerDraft draft, string id, CancellationToken cancel)
    {
        if (draft.Kind == ServerKind.Local &&
            (await transaction.Connection!.QueryAsync<string>(new CommandDefinition(LocalSql, new { organization, id }, transaction, cancellationToken: cancel))).Any())
        {
            throw new TakenException("This machine is already in the list.");
        }
    }

    private async Task<string?> Store(DbTransaction transaction, OrganizationId organization, ServerDraft draft, Actor actor, CancellationToken cancel)
    {
        if (draft.Credential is not { } credential)
        {
            return null;
        }

        var (kind, what) = credential.Kind == "key" ? ("ssh-key", "SSH key") : ("ssh-password", "SSH password");
        var value = credential.Kind == "key" ? JsonSerializer.Serialize(new StoredKey(credential.Value, credential.Passphrase)) : credential.Value;
        return (await vault.Put(transaction, organization, kind, $"{what} of {draft.Name.Trim()}", value, actor, cancel)).Id;
    }

    private object Values(OrganizationId organization, string id, ServerDraft draft, string? credentialKind, string? secret)
    {
        var local = draft.Kind == ServerKind.Local;
        return new
        {
            organization, id, Name = draft.Name.Trim(), draft.Kind, Address = local ? "" : draft.Address, Port = local ? 0 : draft.Port, UserName = local ? "" : draft.UserName,
            credentialKind, secret, tags = draft.TagsJson(), searchText = draft.SearchText(), now = time.GetUtcNow(),
        };
    }

    private Task Record(
        DbTransaction transaction, OrganizationId organization, Actor actor, string action, string id, string name, Dictionary<string, string>? detail, CancellationToken cancel) =>
        audit.Record(transaction, organization, actor, new AuditEntry(action, "server", id, name) { Detail = detail }, cancel);

    private static Dictionary<string, string>? Where(ServerDraft draft) =>
        draft.Kind == ServerKind.Local ? null : new Dictionary<string, string> { ["address"] = $"{draft.UserName}@{draft.Address}:{draft.Port}" };

    private static string? Pattern(string? text, string before, string after) => string.IsNullOrWhiteSpace(text) ? null
        : before + text.Trim().ToLowerInvariant().Replace("!", "!!", StringComparison.Ordinal).Replace("%", "!%", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal) + after;

    private static Task<int> Run(DbTransaction transaction, string sql, object values, CancellationToken cancel) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(sql, values, transaction, cancellationToken: cancel));

    private static UserFacingException Gone() => new("The server is no longer in the list.") { Permanent = true };
}

/// How a private key lies in the vault.
internal sealed record StoredKey(string Key, string? Passphrase)
{
    public override string ToString() => "***";
}
