using MedicineMan.Plugins.Linux;
using MedicineMan.Sdk;

[assembly: MedicineManPlugin(typeof(LinuxPlugin))]

namespace MedicineMan.Plugins.Linux;

/// <summary>Linux: what a server is, how full and how busy, read without root.</summary>
public sealed class LinuxPlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IPluginBuilder plugin)
    {
        ArgumentNullException.ThrowIfNull(plugin);
        plugin.Provide<LinuxScanner>("linux");
    }
}
