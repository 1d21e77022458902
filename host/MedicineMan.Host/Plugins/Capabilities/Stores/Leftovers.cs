using System.Data.Common;
using Dapper;
using MedicineMan.Host.Organizations;

namespace MedicineMan.Host.Plugins.Capabilities.Stores;

/// What the host keeps for a plugin, which goes when the plugin is removed: its store and series, and where its schedules and event handlers were.
internal static class Leftovers
{
    private const string StoreSql = "delete from plugin_store where organization_id = @organization and plugin_id = @plugin";
    private const string SizesSql = "delete from plugin_store_sizes where organization_id = @organization and plugin_id = @plugin";
    private const string PointsSql = "delete from plugin_points where organization_id = @organization and plugin_id = @plugin";
    private const string SeriesSql = "delete from plugin_series where organization_id = @organization and plugin_id = @plugin";
    private const string SchedulesSql = "delete from plugin_schedules where organization_id = @organization and plugin_id = @plugin";
    private const string PositionsSql = "delete from plugin_event_positions where organization_id = @organization and plugin_id = @plugin";

    public static async Task Remove(DbTransaction transaction, string pluginId, CancellationToken cancel)
    {
        foreach (var sql in (string[])[StoreSql, SizesSql, PointsSql, SeriesSql, SchedulesSql, PositionsSql])
        {
            await transaction.Connection!.ExecuteAsync(new CommandDefinition(sql, new { organization = OrganizationId.Default, plugin = pluginId }, transaction, cancellationToken: cancel));
        }
    }
}
