using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Plugins.Settings.Forms;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Plugins.Settings;

/// One row for each plugin: the settings in force, those from before the last change of their shape, and a draft while it is tried out.
/// Plugins belong to the whole installation, and so do their settings.
internal sealed class PluginSettingsStore(Database database, SettingSecrets secrets, AuditLog audit, TimeProvider time)
{
    private static readonly OrganizationId Installation = OrganizationId.Default;

    private const string AllSql = """
        select plugin_id as PluginId, version, settings, previous_version as PreviousVersion, previous, draft_id as DraftId, draft, handles, saved_at as SavedAt
        from plugin_settings where organization_id = @organization
        """;

    private const string FindSql = AllSql + " and plugin_id = @plugin";

    private const string WriteSql = """
        insert into plugin_settings (organization_id, plugin_id, version, settings, previous_version, previous, draft_id, draft, handles, saved_at)
        values (@organization, @PluginId, @Version, @Settings, @PreviousVersion, @Previous, @DraftId, @Draft, @Handles, @SavedAt)
        on conflict (organization_id, plugin_id) do update set version = excluded.version, settings = excluded.settings, previous_version = excluded.previous_version,
            previous = excluded.previous, draft_id = excluded.draft_id, draft = excluded.draft, handles = excluded.handles, saved_at = excluded.saved_at
        """;

    private const string DeleteSql = "delete from plugin_settings where organization_id = @organization and plugin_id = @plugin";

    public async Task<SettingsRow?> Find(string plugin, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(Installation, cancel);
        return await connection.QuerySingleOrDefaultAsync<SettingsRow>(new CommandDefinition(FindSql, new { organization = Installation, plugin }, cancellationToken: cancel));
    }

    public async Task<IReadOnlyList<SettingsRow>> All(CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(Installation, cancel);
        return (await connection.QueryAsync<SettingsRow>(new CommandDefinition(AllSql, new { organization = Installation }, cancellationToken: cancel))).AsList();
    }

    /// Keeps what was sent beside what is in force, with its new secrets in the vault, so that it can be tried out.
    /// <returns>The row with the draft.</returns>
    public Task<SettingsRow> Propose(string plugin, string name, SettingsDraft draft, Actor actor, CancellationToken cancel) => Change(plugin, actor, async (transaction, row) =>
    {
        var (settings, added) = await secrets.Keep(transaction, Installation, plugin, name, draft, actor, cancel);
        return row with { DraftId = Ids.New(time), Draft = settings.ToJsonString(), Handles = JsonSerializer.Serialize(row.Owned.Concat(added)) };
    }, null, cancel);

    /// Puts a draft in force.
    public Task<SettingsRow> Accept(string plugin, string name, string draftId, int version, Actor actor, CancellationToken cancel) => Change(plugin, actor, (_, row) => row.DraftId == draftId
        ? Task.FromResult(row with { Version = version, Settings = row.Draft, DraftId = null, Draft = null })
        : throw new UserFacingException($"Somebody else has just changed the settings of {name}. Reload the page and look at them first."), new AuditEntry("plugin.settings-saved", "plugin", plugin, name), cancel);

    /// Keeps settings in a new shape, and those they were made from for a way back.
    public Task<SettingsRow> Migrate(string plugin, string name, int version, JsonObject settings, CancellationToken cancel) => Change(plugin, Actor.System, (_, row) => Task.FromResult(
        row with { Version = version, Settings = settings.ToJsonString(), PreviousVersion = row.Version, Previous = row.Settings, DraftId = null, Draft = null }), new AuditEntry("plugin.settings-migrated", "plugin", plugin, name), cancel);

    /// Removes the settings of a plugin that was removed, with their secrets.
    public Task Remove(string plugin, Actor actor, CancellationToken cancel) => database.Write(
        async transaction =>
        {
            if (await Find(transaction, plugin, cancel) is { } row)
            {
                await transaction.Connection!.ExecuteAsync(new CommandDefinition(DeleteSql, new { organization = Installation, plugin }, transaction, cancellationToken: cancel));
                await secrets.Drop(transaction, Installation, row.Owned, actor, cancel);
                await audit.Record(transaction, Installation, actor, new AuditEntry("plugin.settings-removed", "plugin", plugin, plugin), cancel);
            }
        },
        cancel);

    private Task<SettingsRow> Change(string plugin, Actor actor, Func<DbTransaction, SettingsRow, Task<SettingsRow>> change, AuditEntry? entry, CancellationToken cancel) => database.Write(
        async transaction =>
        {
            var row = await Find(transaction, plugin, cancel) ?? new SettingsRow { PluginId = plugin, Version = 1, Handles = "[]", SavedAt = time.GetUtcNow() };
            var changed = await change(transaction, row);
            string[] used = [.. changed.Owned.Where(changed.Mentions)];
            await secrets.Drop(transaction, Installation, changed.Owned.Except(used), actor, cancel);
            changed = changed with { Handles = JsonSerializer.Serialize(used), SavedAt = entry is null ? row.SavedAt : time.GetUtcNow() };
            await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                WriteSql,
                new { organization = Installation, changed.PluginId, changed.Version, changed.Settings, changed.PreviousVersion, changed.Previous, changed.DraftId, changed.Draft, changed.Handles, changed.SavedAt },
                transaction,
                cancellationToken: cancel));
            if (entry is not null)
            {
                await audit.Record(transaction, Installation, actor, entry, cancel);
            }

            return changed;
        },
        cancel);

    private static Task<SettingsRow?> Find(DbTransaction transaction, string plugin, CancellationToken cancel) =>
        transaction.Connection!.QuerySingleOrDefaultAsync<SettingsRow?>(new CommandDefinition(FindSql, new { organization = Installation, plugin }, transaction, cancellationToken: cancel));
}

internal sealed record SettingsRow
{
    public required string PluginId { get; init; }

    /// The settingsVersion of the manifest they were saved under.
    public required int Version { get; init; }

    /// JSON with handles for secrets; null when nobody has saved any.
    public string? Settings { get; init; }

    public int? PreviousVersion { get; init; }

    public string? Previous { get; init; }

    public string? DraftId { get; init; }

    public string? Draft { get; init; }

    /// The handles of the secrets that live and die with this row, as JSON.
    public required string Handles { get; init; }

    public required DateTimeOffset SavedAt { get; init; }

    public IReadOnlyList<string> Owned => JsonSerializer.Deserialize<string[]>(Handles) ?? [];

    public JsonObject? Values => Settings is null ? null : JsonNode.Parse(Settings)!.AsObject();

    public JsonObject? DraftValues => Draft is null ? null : JsonNode.Parse(Draft)!.AsObject();

    public bool Mentions(string handle) => new[] { Settings, Previous, Draft }.Any(json => json?.Contains(handle, StringComparison.Ordinal) == true);
}
