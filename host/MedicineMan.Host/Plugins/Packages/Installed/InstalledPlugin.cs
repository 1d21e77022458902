namespace MedicineMan.Host.Plugins.Packages.Installed;

/// What an administrator wants of a plugin: which version is to run, which one came before it, and which one waits to be approved.
internal sealed record InstalledPlugin
{
    public const string Bundled = "bundled";
    public const string Upload = "upload";

    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string Publisher { get; init; }

    /// <c>bundled</c>, <c>upload</c>, or the id of the registry it came from.
    public required string Source { get; init; }

    public required bool Enabled { get; init; }

    /// Null until a version ran for the first time, and for bundled plugins, which have the one beside the host.
    public string? ActiveVersion { get; init; }

    /// The version to roll back to.
    public string? PreviousVersion { get; init; }

    /// Installed and not in use: it waits for an approval, or failed when it was tried.
    public string? PendingVersion { get; init; }

    /// The advisory that took it out of use.
    public string? Blocked { get; init; }

    /// Why the pending version did not start.
    public string? Failure { get; init; }

    public DateTimeOffset ChangedAt { get; init; }

    public bool IsBundled => Source == Bundled;

    /// The version that is to run now; null for none.
    public string? Wanted => Enabled && Blocked is null ? ActiveVersion : null;

    public bool Keeps(string version) => version == ActiveVersion || version == PreviousVersion || version == PendingVersion;
}

/// A version whose files lie on this host, with the hashes they had when they were checked.
internal sealed record InstalledVersion
{
    public required string PluginId { get; init; }

    public required string Version { get; init; }

    public required string Sha256 { get; init; }

    public required string ChecksumsSha256 { get; init; }

    /// The key it was signed with; null when it was not.
    public string? KeyFingerprint { get; init; }

    public required string Source { get; init; }

    public DateTimeOffset InstalledAt { get; init; }
}

/// The key a publisher's packages must be signed with, since the first one was installed.
internal sealed record PublisherPin
{
    public required string Id { get; init; }

    public required string PublicKey { get; init; }

    public required string Fingerprint { get; init; }

    public required string Source { get; init; }
}
