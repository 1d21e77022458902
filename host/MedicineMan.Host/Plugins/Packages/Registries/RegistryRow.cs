using System.Text;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages.Format;

namespace MedicineMan.Host.Plugins.Packages.Registries;

/// A registry that an administrator added.
internal sealed record RegistryRow
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    /// An https address, or the path of a file.
    public required string Location { get; init; }

    /// The pinned key: what another one signs is not believed.
    public required string PublicKey { get; init; }

    /// Another key that signed the registry when it was last fetched; it waits for consent.
    public string? OfferedKey { get; init; }

    public required int Serial { get; init; }

    /// The file as it was when its signature last held.
    public required string Content { get; init; }

    /// Why the last look at it failed.
    public string? Error { get; init; }

    public required DateTimeOffset CheckedAt { get; init; }

    public string Fingerprint => PackageKey.Fingerprint(PublicKey);

    public string? OfferedFingerprint => OfferedKey is null ? null : PackageKey.Fingerprint(OfferedKey);

    public KnownRegistry Known() => new(Id, RegistryPlace.Parse(Location), PluginRegistry.Parse(Encoding.UTF8.GetBytes(Content), Location));
}
