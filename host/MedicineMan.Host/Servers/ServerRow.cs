using System.Globalization;
using System.Text.Json;
using MedicineMan.Host.Servers.Ssh;
using MedicineMan.Sdk.Secrets;

namespace MedicineMan.Host.Servers;

/// What a list shows of a server.
internal record ServerRow
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string Address { get; init; }

    public required int Port { get; init; }

    /// <c>local</c> or <c>ssh</c>.
    public required string Kind { get; init; }

    public required string UserName { get; init; }

    /// JSON list of words; <see cref="TagList"/> reads it.
    public required string Tags { get; init; }

    /// <c>unknown</c>, <c>reachable</c>, <c>online</c> or <c>failed</c>.
    public required string State { get; init; }

    public DateTimeOffset? SeenAt { get; init; }

    public string? LastError { get; init; }

    public string? OsName { get; init; }

    public string? ServicesSummary { get; init; }

    /// Of the fullest file system.
    public int? DiskUsedPercent { get; init; }

    /// The server showed another key than the pinned one, and nobody has approved it.
    public bool HostKeyPending { get; init; }

    public bool IsLocal => Kind == ServerKind.Local;

    /// As a list names it: the port only where it is an unusual one.
    public string Place => IsLocal ? "this machine" : Port == 22 ? Address : string.Create(CultureInfo.InvariantCulture, $"{Address}:{Port}");

    public IReadOnlyList<string> TagList => Tags == "[]" ? [] : JsonSerializer.Deserialize<string[]>(Tags) ?? [];
}

/// A server in full.
internal sealed record Server : ServerRow
{
    /// <c>password</c>, <c>key</c>, or null for none.
    public string? CredentialKind { get; init; }

    public string? CredentialSecret { get; init; }

    public string? HostKey { get; init; }

    public string? HostKeyFingerprint { get; init; }

    public string? PendingHostKey { get; init; }

    public string? PendingHostKeyFingerprint { get; init; }

    public DateTimeOffset? PendingHostKeyAt { get; init; }

    public DateTimeOffset? ScannedAt { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public SecretRef? Credential => CredentialSecret is null ? null : new SecretRef(CredentialSecret);

    public HostKey? Pinned => HostKey is null ? null : new HostKey(HostKey);
}

internal static class ServerKind
{
    public const string Local = "local";
    public const string Ssh = "ssh";
}

internal static class ServerState
{
    public const string Unknown = "unknown";
    public const string Reachable = "reachable";
    public const string Online = "online";
    public const string Failed = "failed";
}
