using MedicineMan.Samples.MirroredFolders;
using MedicineMan.Sdk;

[assembly: MedicineManPlugin(typeof(MirroredFoldersPlugin))]

namespace MedicineMan.Samples.MirroredFolders;

/// <summary>One storage.</summary>
public sealed class MirroredFoldersPlugin : IPlugin
{
    /// <inheritdoc />
    public void Configure(IPluginBuilder plugin)
    {
        ArgumentNullException.ThrowIfNull(plugin);
        plugin.Provide<MirrorProvider>("mirrored");
    }
}
