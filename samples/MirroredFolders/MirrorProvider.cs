using System.Text.Json;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Samples.MirroredFolders;

/// Opens a mirror from the settings "first" and "second".
internal sealed class MirrorProvider : IStorageProvider
{
    public string DisplayName => "Mirrored folders";

    public ValueTask<IStorageBackend> OpenAsync(JsonElement settings, CancellationToken cancel)
    {
        var (first, second) = (Folder(settings, "first"), Folder(settings, "second"));
        string[] problems =
        [
            .. first is null ? ["The first folder must be an absolute path, for instance /mnt/a/backups."] : Array.Empty<string>(),
            .. second is null ? ["The second folder must be an absolute path, for instance /mnt/b/backups."] : Array.Empty<string>(),
            .. first is not null && first == second ? ["The two folders are the same one: choose another disk for the second."] : Array.Empty<string>(),
        ];
        return problems.Length == 0
            ? ValueTask.FromResult<IStorageBackend>(new Mirror(new Folder(first!), new Folder(second!)))
            : throw new UserFacingException(string.Join(' ', problems)) { Permanent = true };
    }

    private static string? Folder(JsonElement settings, string name) =>
        settings.ValueKind == JsonValueKind.Object && settings.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
        && value.GetString() is { Length: > 0 } path && Path.IsPathFullyQualified(path) && !path.Contains('\0', StringComparison.Ordinal)
            ? Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))
            : null;
}
