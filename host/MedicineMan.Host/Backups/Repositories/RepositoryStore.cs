using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Plugins.Settings;
using MedicineMan.Host.Plugins.Settings.Forms;
using MedicineMan.Host.Secrets;
using MedicineMan.Jobs;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Backups.Repositories;

/// Where backups are kept: the kind of storage, its settings, and the password in the vault. What is inside a repository only the
/// repository knows.
internal sealed class RepositoryStore(Database database, AuditLog audit, SecretVault vault, SettingSecrets secrets, JobQueue jobs, TimeProvider time)
{
    private const string Columns = """
        id, name, kind, settings, settings_secrets as SettingsSecrets, password_secret as PasswordSecret, state, error, stored_bytes as StoredBytes, checked_at as CheckedAt, created_at as CreatedAt
        """;

    private const string PageSql = $"""
        select {Columns} from repositories
        where organization_id = @organization and (name, id) > (@name, @id) order by name, id limit @size
        """;

    private const string FindSql = $"select {Columns} from repositories where organization_id = @organization and id = @id";
    private const string UsedSql = "select name from plans where organization_id = @organization and repository_id = @id order by name limit 1";
    private const string DeleteSql = "delete from repositories where organization_id = @organization and id = @id";

    private const string InsertSql = """
        insert into repositories (id, organization_id, name, kind, settings, settings_secrets, password_secret, state, created_at)
        values (@id, @organization, @Name, @Kind, @settings, @settingsSecrets, @secret, @state, @now)
        """;

    private const string ChangedStateSql = "update repositories set state = @state where organization_id = @organization and id = @id and state <> @state returning name";

    private const string StateSql = """
        update repositories set error = @error, checked_at = @now, stored_bytes = coalesce(@storedBytes, stored_bytes)
        where organization_id = @organization and id = @id
        """;

    public async Task<Page<RepositoryRow>> Page(OrganizationId organization, string? after, int size, CancellationToken cancel)
    {
        var cursor = Cursor.Parse(after, 2) ?? new Cursor("", "");
        await using var connection = await database.OpenRead(organization, cancel);
        var rows = await connection.QueryAsync<RepositoryRow>(new CommandDefinition(
            PageSql, new { organization, name = cursor.Keys[0], id = cursor.Keys[1], size = size + 1 }, cancellationToken: cancel));
        return Data.Page<RepositoryRow>.Of(rows, size, row => new Cursor(row.Name, row.Id));
    }

    public async Task<RepositoryRow?> Find(OrganizationId organization, string id, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(organization, cancel);
        return await connection.QuerySingleOrDefaultAsync<RepositoryRow>(new CommandDefinition(FindSql, new { organization, id }, cancellationToken: cancel));
    }

    public async Task<RepositoryRow> Get(OrganizationId organization, string id, CancellationToken cancel) =>
        await Find(organization, id, cancel) ?? throw new GoneException("repository");

    /// Adds the repository and enqueues the job that creates or opens it on its storage.
    /// <param name="password">Of an existing repository; null makes a new random one for a new repository.</param>
    public Task<string> Add(OrganizationId organization, Actor actor, NewRepository repository, string? password, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                var id = Ids.New(time);
                var (settings, handles) = repository.Draft is { } draft
                    ? await secrets.Keep(transaction, organization, repository.PluginId, $"repository {repository.Name}", draft, actor, cancel)
                    : (JsonNode.Parse(repository.Settings)!.AsObject(), []);
                var secret = await vault.Put(
                    transaction, organization, "repository-password", $"Password of repository {repository.Name}", password ?? RepositoryPassword.New(), actor, cancel);
                var row = new { id, organization, repository.Name, repository.Kind, settings = settings.ToJsonString(), settingsSecrets = JsonSerializer.Serialize(handles), secret = secret.Id, state = password is null ? RepositoryState.New : RepositoryState.Existing, now = time.GetUtcNow() };
                await TakenException.Refuse(
                    transaction, new CommandDefinition(InsertSql, row, transaction, cancellationToken: cancel), $"There is a repository named \"{repository.Name}\" already. Choose another name.");
                await EnqueuePreparation(transaction, organization, actor, id, repository.Name, cancel);
                await audit.Record(transaction, organization, actor, new AuditEntry("repository.added", "repository", id, repository.Name), cancel);
                return id;
            },
            cancel);

    /// Tries once more to create or open it on its storage.
    public Task PrepareAgain(OrganizationId organization, Actor actor, string id, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                var row = await transaction.Connection!.QuerySingleOrDefaultAsync<RepositoryRow>(new CommandDefinition(FindSql, new { organization, id }, transaction, cancellationToken: cancel))
                    ?? throw new GoneException("repository");
                await EnqueuePreparation(transaction, organization, actor, id, row.Name, cancel);
                await audit.Record(transaction, organization, actor, new AuditEntry("repository.prepared-again", "repository", id, row.Name), cancel);
            },
            cancel);

    /// Forgets the repository here; what lies on its storage stays untouched.
    public Task Remove(OrganizationId organization, Actor actor, string id, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                var connection = transaction.Connection!;
                var row = await connection.QuerySingleOrDefaultAsync<RepositoryRow>(new CommandDefinition(FindSql, new { organization, id }, transaction, cancellationToken: cancel))
                    ?? throw new GoneException("repository");
                var used = await connection.ExecuteScalarAsync<string?>(new CommandDefinition(UsedSql, new { organization, id }, transaction, cancellationToken: cancel));
                if (used is not null)
                {
                    throw new UserFacingException($"The plan \"{used}\" backs up into {row.Name}. Move or remove the plan first.") { Permanent = true };
                }

                await connection.ExecuteAsync(new CommandDefinition(DeleteSql, new { organization, id }, transaction, cancellationToken: cancel));
                await secrets.Drop(transaction, organization, [row.PasswordSecret, .. row.Handles], actor, cancel);
                await audit.Record(transaction, organization, actor, new AuditEntry("repository.removed", "repository", id, row.Name), cancel);
            },
            cancel);

    public Task RecordState(OrganizationId organization, string id, string state, string? error, long? storedBytes, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                var values = new { organization, id, state, error, storedBytes, now = time.GetUtcNow() };
                var changed = await transaction.Connection!.ExecuteScalarAsync<string?>(new CommandDefinition(ChangedStateSql, values, transaction, cancellationToken: cancel));
                await transaction.Connection!.ExecuteAsync(new CommandDefinition(StateSql, values, transaction, cancellationToken: cancel));
                if (changed is not null)
                {
                    var action = state is RepositoryState.Ready ? "repository.ready" : "repository.failed";
                    await audit.Record(transaction, organization, Actor.System, new AuditEntry(action, "repository", id, changed), cancel);
                }
            },
            cancel);

    /// Looks into one storage at a time: a slow one takes no more of a worker's places than these.
    public const int AtOnce = 2;

    /// Backups and proofs that one storage serves at a time: more would share its line and its disk, and take places of workers that other storages could use. A restore waits for none.
    public const int BackupsAtOnce = 4;

    /// What looks into one storage shares this key, and what backs up to it has it as its second.
    public static string StorageKey(string repository) => $"storage:{repository}";

    private Task<string> EnqueuePreparation(DbTransaction transaction, OrganizationId organization, Actor actor, string id, string name, CancellationToken cancel) =>
        jobs.Enqueue(
            transaction,
            new JobRequest(organization.Value, PrepareRepository.JobType, $$"""{"repository":"{{id}}"}""")
            {
                Title = $"Prepare repository {name}", RequestedBy = actor.Name, Priority = actor.Priority, ConcurrencyKey = StorageKey(id), ConcurrencyLimit = AtOnce,
                UniqueKey = $"prepare:{id}", MaxAttempts = 2, TimeLimit = TimeSpan.FromMinutes(30),
            },
            cancel);
}

/// Where a repository stands.
internal static class RepositoryState
{
    /// To be created on its storage.
    public const string New = "new";

    /// Exists elsewhere already and is to be opened with the password given.
    public const string Existing = "existing";
    public const string Ready = "ready";

    /// Could not be created, may be tried again.
    public const string FailedNew = "failed new";

    /// Could not be opened.
    public const string Failed = "failed";
}

/// <param name="Kind">Kind of a storage provider, for instance <c>local</c>.</param>
/// <param name="Settings">The storage's settings as a JSON object.</param>
internal sealed record NewRepository(string Name, string Kind, string Settings)
{
    /// What a form or a program sent, with the secrets in it; null for settings without secrets.
    public SettingsDraft? Draft { get; init; }

    /// The plugin of the storage, whose the secrets are.
    public string PluginId { get; init; } = "";

    public static NewRepository Local(string name, string path) => new(name, "local", JsonSerializer.Serialize(new Dictionary<string, string> { ["path"] = path }));
}

internal sealed record RepositoryRow
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string Kind { get; init; }

    public required string Settings { get; init; }

    /// The handles in the settings, as JSON.
    public string SettingsSecrets { get; init; } = "[]";

    public IReadOnlyList<string> Handles => JsonSerializer.Deserialize<string[]>(SettingsSecrets) ?? [];

    public required string PasswordSecret { get; init; }

    /// One of <see cref="RepositoryState"/>.
    public required string State { get; init; }

    public string? Error { get; init; }

    public long? StoredBytes { get; init; }

    public DateTimeOffset? CheckedAt { get; init; }

    /// Where it lies, for people.
    public string Place
    {
        get
        {
            using var settings = JsonDocument.Parse(Settings);
            var handles = Handles;
            string[] texts = [.. settings.RootElement.EnumerateObject().Where(one => one.Value.ValueKind == JsonValueKind.String).Select(one => one.Value.GetString()!).Where(text => !handles.Contains(text))];
            return settings.RootElement.TryGetProperty("path", out var path) && path.ValueKind == JsonValueKind.String && texts.Length == 1 ? texts[0] : string.Join(' ', texts);
        }
    }

    public required DateTimeOffset CreatedAt { get; init; }
}
