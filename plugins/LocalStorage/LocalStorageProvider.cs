using System.Text.Json;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Plugins.LocalStorage;

/// <summary>Opens folders from the setting <c>path</c>.</summary>
public sealed class LocalStorageProvider : IStorageProvider
{
    /// <inheritdoc/>
    public string DisplayName => "Local disk";

    /// <inheritdoc/>
    public ValueTask<IStorageBackend> OpenAsync(JsonElement settings, CancellationToken cancel)
    {
        var path = settings.ValueKind == JsonValueKind.Object
            && settings.TryGetProperty("path", out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        return !string.IsNullOrWhiteSpace(path) && Path.IsPathFullyQualified(path) && !path.Contains('\0', StringComparison.Ordinal)
            ? ValueTask.FromResult<IStorageBackend>(new LocalFolder(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))))
            : throw new UserFacingException("The folder of a local storage must be an absolute path, for instance /var/backups/medicineman.") { Permanent = true };
    }
}
