using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using MedicineMan.Host.Api.Contract;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages.Registries;

namespace MedicineMan.Host.Plugins.Packages.Installed;

/// The plugins of a host as a file that brings another one to the same state: plugins.lock.json.
/// <param name="Lock">The form of the file, 1.</param>
internal sealed record PluginLock(int Lock, IReadOnlyList<LockedPlugin> Plugins)
{
    public const string FileName = "plugins.lock.json";

    private static readonly JsonSerializerOptions Readable = new(ApiJson.Options) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public string Write() => JsonSerializer.Serialize(this, Readable) + "\n";

    /// <exception cref="JsonException">It is no such file.</exception>
    public static PluginLock Read(string json) => JsonSerializer.Deserialize<PluginLock>(json, Readable) is { Lock: 1, Plugins: { } plugins } read && plugins.All(plugin => plugin is { Id: not null, Version: not null, Source: not null, Approved: not null })
        ? read
        : throw new JsonException("it has not the form 1 of a lock file");
}

/// <param name="Source"><c>bundled</c>, <c>upload</c>, or where the registry lies that it came from.</param>
/// <param name="RegistryKey">Fingerprint of the key that registry is pinned to.</param>
/// <param name="Sha256">Of the package; null for a bundled plugin, which is what its host is.</param>
/// <param name="Key">Fingerprint of the key the package was signed with; null when it was not.</param>
/// <param name="Pinned">Fingerprint of the key that is pinned for its publisher.</param>
/// <param name="Approved">Capabilities, each as its name or as name and what it is for.</param>
internal sealed record LockedPlugin(
    string Id, string Version, string Publisher, bool Enabled, string Source, string? RegistryKey, string? Sha256, string? Key, string? Pinned, IReadOnlyList<string> Approved)
{
    [JsonIgnore]
    public bool IsBundled => Source == InstalledPlugin.Bundled;

    [JsonIgnore]
    public bool IsUpload => Source == InstalledPlugin.Upload;

    [JsonIgnore]
    public string Title => $"{Id} {Version}";

    /// Whether this stands for the same: what ran there runs here.
    public bool Equals(LockedPlugin? other) => other is not null && (Id, Version, Enabled, Sha256, Key) == (other.Id, other.Version, other.Enabled, other.Sha256, other.Key) && Approved.SequenceEqual(other.Approved, StringComparer.Ordinal);

    public override int GetHashCode() => HashCode.Combine(Id, Version, Sha256);
}

/// Writes down what is installed. Versions that wait for an approval are none of it, nor are an author's own folders.
internal sealed class PluginLocks(PluginCatalogue catalogue, InstalledPlugins installed, Grants grants, PackageShelf shelf, RegistryStore registries, KnownRegistries known)
{
    public async Task<PluginLock> Read(CancellationToken cancel)
    {
        var (rows, versions, pins, places) = (await installed.List(cancel), await installed.Versions(null, cancel), await installed.Pins(cancel), await registries.List(cancel));
        var bundled = (await known.Bundled(cancel)).Registry.Plugins.Where(plugin => plugin.Source == InstalledPlugin.Bundled).ToDictionary(plugin => plugin.Id, StringComparer.Ordinal);
        var locked = new List<LockedPlugin>();
        foreach (var status in catalogue.List())
        {
            var row = rows.FirstOrDefault(one => one.Id == status.Id);
            if (bundled.TryGetValue(status.Id, out var own))
            {
                // One that is disabled was not read, so the host's registry says which version it has.
                var version = status.Version.Length > 0 ? status.Version : own.Versions[^1].Version;
                locked.Add(new LockedPlugin(status.Id, version, own.Publisher, row?.Enabled ?? status.State is not PluginState.Disabled, InstalledPlugin.Bundled, null, null, null, null, []));
            }
            else if (row?.ActiveVersion is { } active && versions.FirstOrDefault(version => version.PluginId == row.Id && version.Version == active) is { } files)
            {
                var registry = places.FirstOrDefault(place => place.Id == files.Source);
                var manifest = ManifestReader.Read(shelf.FolderOf(row.Id, active));
                locked.Add(new LockedPlugin(
                    row.Id, active, row.Publisher, row.Enabled, registry?.Location ?? InstalledPlugin.Upload, registry?.Fingerprint, files.Sha256, files.KeyFingerprint,
                    pins.FirstOrDefault(pin => pin.Id == row.Publisher)?.Fingerprint, [.. (await grants.Of(row.Id, cancel)).Where(text => CapabilityText.IsAsked(manifest, text)).Order(StringComparer.Ordinal)]));
            }
        }

        return new PluginLock(1, [.. locked.OrderBy(plugin => plugin.Id, StringComparer.Ordinal)]);
    }
}
