using MedicineMan.Plugins.Postgres;
using MedicineMan.Plugins.Postgres.Scanning;
using MedicineMan.Sdk;

[assembly: MedicineManPlugin(typeof(PostgresPlugin))]

namespace MedicineMan.Plugins.Postgres;

/// <summary>
/// PostgreSQL: finds clusters on a server, dumps databases table by table in one snapshot, restores them and proves the copy.
/// </summary>
public sealed class PostgresPlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IPluginBuilder plugin)
    {
        ArgumentNullException.ThrowIfNull(plugin);
        plugin.Provide<PostgresBackup>("postgres");
        plugin.Provide<PostgresScanner>("postgres");
    }
}
