using MedicineMan.Plugins.LocalStorage;
using MedicineMan.Sdk;

[assembly: MedicineManPlugin(typeof(LocalStoragePlugin))]

namespace MedicineMan.Plugins.LocalStorage;

/// <summary>Backup repositories in a folder of the machine that Medicine Man runs on.</summary>
public sealed class LocalStoragePlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IPluginBuilder plugin) => plugin.Provide<LocalStorageProvider>("local");
}
