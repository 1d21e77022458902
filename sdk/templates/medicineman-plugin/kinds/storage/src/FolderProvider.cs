using System.Text.Json;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Storage;

namespace Acme.Sample;

/// <summary>Opens a folder from the setting "path".</summary>
public sealed class FolderProvider : IStorageProvider
{
    public string DisplayName => "PLUGIN_TITLE";

    public ValueTask<IStorageBackend> OpenAsync(JsonElement settings, CancellationToken cancel) =>
        settings.ValueKind == JsonValueKind.Object && settings.TryGetProperty("path", out var path) && Path.IsPathFullyQualified(path.GetString() ?? "")
            ? ValueTask.FromResult<IStorageBackend>(new FolderStorage(path.GetString()!))
            : throw new UserFacingException("The folder must be an absolute path, for instance /mnt/backups.") { Permanent = true };
}
