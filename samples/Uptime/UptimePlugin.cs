using MedicineMan.Samples.Uptime;
using MedicineMan.Sdk;

[assembly: MedicineManPlugin(typeof(UptimePlugin))]

namespace MedicineMan.Samples.Uptime;

/// <summary>One scanner.</summary>
public sealed class UptimePlugin : IPlugin
{
    /// <inheritdoc />
    public void Configure(IPluginBuilder plugin)
    {
        ArgumentNullException.ThrowIfNull(plugin);
        plugin.Provide<UptimeScanner>("uptime");
    }
}
