using MedicineMan.Plugins.Sftp;
using MedicineMan.Sdk;

[assembly: MedicineManPlugin(typeof(SftpPlugin))]

namespace MedicineMan.Plugins.Sftp;

/// <summary>Backup repositories in a folder of another machine, over SFTP.</summary>
public sealed class SftpPlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IPluginBuilder plugin) => plugin.Provide<SftpProvider>("sftp");
}
