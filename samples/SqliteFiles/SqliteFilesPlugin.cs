using MedicineMan.Samples.SqliteFiles;
using MedicineMan.Sdk;

[assembly: MedicineManPlugin(typeof(SqliteFilesPlugin))]

namespace MedicineMan.Samples.SqliteFiles;

/// <summary>One backup provider.</summary>
public sealed class SqliteFilesPlugin : IPlugin
{
    /// <inheritdoc />
    public void Configure(IPluginBuilder plugin)
    {
        ArgumentNullException.ThrowIfNull(plugin);
        plugin.Provide<SqliteBackup>("sqlite");
    }
}
