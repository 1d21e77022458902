using System.Data.Common;
using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages.Registries;

namespace MedicineMan.Host.Plugins.Packages.Installed;

/// What an administrator approved of each plugin. Bundled plugins are approved by being shipped: who trusts the host trusts them.
internal sealed class Grants(Database database, AuditLog audit, KnownRegistries registries, TimeProvider time)
{
    private const string OfSql = "select capability from plugin_grants where organization_id = @organization and plugin_id = @plugin order by capability";

    private const string AddSql = """
        insert into plugin_grants (organization_id, plugin_id, capability, granted_by, granted_at) values (@organization, @plugin, @capability, @by, @now)
        on conflict (organization_id, plugin_id, capability) do nothing
        """;

    private const string DropSql = "delete from plugin_grants where organization_id = @organization and plugin_id = @plugin and capability = @capability";

    private static OrganizationId House => OrganizationId.Default;

    /// The approved texts, as <see cref="CapabilityText"/> writes them; of a bundled plugin none is stored.
    public async Task<IReadOnlySet<string>> Of(string plugin, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(House, cancel);
        return (await connection.QueryAsync<string>(new CommandDefinition(OfSql, new { organization = House, plugin }, cancellationToken: cancel))).ToHashSet(StringComparer.Ordinal);
    }

    /// What must be approved before this version may run; empty when all is. Optional capabilities never keep it from running.
    public async Task<IReadOnlyList<Capability>> Missing(PluginManifest manifest, CancellationToken cancel) =>
        [.. (await Unapproved(manifest, cancel)).Where(capability => !capability.Optional)];

    /// All that is not approved, with the optional ones.
    public async Task<IReadOnlyList<Capability>> Unapproved(PluginManifest manifest, CancellationToken cancel)
    {
        if (await registries.IsBundled(manifest.Id, cancel))
        {
            return [];
        }

        var granted = await Of(manifest.Id, cancel);
        return [.. manifest.Capabilities.Where(capability => !CapabilityText.Covers(granted, capability))];
    }

    public Task Approve(Actor actor, PluginManifest manifest, IReadOnlyList<Capability> approved, CancellationToken cancel) => database.Write(
        async transaction =>
        {
            string[] texts = [.. approved.SelectMany(CapabilityText.Of)];
            foreach (var capability in texts)
            {
                await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                    AddSql, new { organization = House, plugin = manifest.Id, capability, by = actor.Name, now = time.GetUtcNow() }, transaction, cancellationToken: cancel));
            }

            var detail = new Dictionary<string, string> { ["version"] = manifest.Version, ["capabilities"] = string.Join(", ", texts) };
            await audit.Record(transaction, House, actor, new AuditEntry("plugin.approved", "plugin", manifest.Id, manifest.Name) { Detail = detail }, cancel);
        },
        cancel);

    /// Makes these texts all that is approved, inside one change; what they leave out is withdrawn.
    public Task Replace(Actor actor, PluginManifest manifest, IReadOnlyCollection<string> approved, CancellationToken cancel) => database.Write(
        async transaction =>
        {
            var connection = transaction.Connection!;
            var before = (await connection.QueryAsync<string>(new CommandDefinition(OfSql, new { organization = House, plugin = manifest.Id }, transaction, cancellationToken: cancel))).ToList();
            string[] withdrawn = [.. before.Except(approved)];
            foreach (var capability in withdrawn)
            {
                await connection.ExecuteAsync(new CommandDefinition(DropSql, new { organization = House, plugin = manifest.Id, capability }, transaction, cancellationToken: cancel));
            }

            foreach (var capability in approved)
            {
                await connection.ExecuteAsync(new CommandDefinition(
                    AddSql, new { organization = House, plugin = manifest.Id, capability, by = actor.Name, now = time.GetUtcNow() }, transaction, cancellationToken: cancel));
            }

            var detail = new Dictionary<string, string> { ["version"] = manifest.Version, ["capabilities"] = string.Join(", ", approved), ["withdrawn"] = string.Join(", ", withdrawn) };
            await audit.Record(transaction, House, actor, new AuditEntry("plugin.approved", "plugin", manifest.Id, manifest.Name) { Detail = detail }, cancel);
        },
        cancel);

    /// Drops, inside a change, what none of these versions asks for any more: a later update that wants it again asks again.
    public static async Task Prune(DbTransaction transaction, string plugin, IEnumerable<PluginManifest> kept, CancellationToken cancel)
    {
        var connection = transaction.Connection!;
        var needed = kept.SelectMany(manifest => manifest.Capabilities).SelectMany(CapabilityText.Of).ToList();
        var granted = await connection.QueryAsync<string>(new CommandDefinition(OfSql, new { organization = House, plugin }, transaction, cancellationToken: cancel));
        foreach (var capability in granted.Where(text => !needed.Exists(need => need == text || need.Split(' ')[0] == text)))
        {
            await connection.ExecuteAsync(new CommandDefinition(DropSql, new { organization = House, plugin, capability }, transaction, cancellationToken: cancel));
        }
    }
}
