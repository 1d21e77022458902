using System.Text.Json;
using MedicineMan.Plugins.Sftp.Wire;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Secrets;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Plugins.Sftp;

/// <summary>Opens folders of SFTP servers. Nothing is connected before the first call.</summary>
public sealed class SftpProvider(IPluginContext context, ISecrets secrets) : IStorageProvider
{
    /// <inheritdoc/>
    public string DisplayName => "SFTP";

    internal SftpLimits Limits { get; init; } = new();

    /// <inheritdoc/>
    public async ValueTask<IStorageBackend> OpenAsync(JsonElement settings, CancellationToken cancel)
    {
        var target = await SftpSettings.Read(settings, secrets, cancel);
        return new SftpFolder(target.Path, new SftpConnection(target, Limits, context.Unloading));
    }
}
