using System.Globalization;
using System.Text.Json;
using MedicineMan.Host.Shell;
using MedicineMan.Sdk.Scanning;

namespace MedicineMan.Host.Scanning;

internal sealed record ScanRow
{
    public required string Id { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required long Milliseconds { get; init; }

    /// False when the output ended early: what was not seen kept its earlier values.
    public required bool Complete { get; init; }

    public required string Notes { get; init; }

    public IReadOnlyList<string> NoteList => JsonSerializer.Deserialize<string[]>(Notes) ?? [];
}

internal sealed record FactRow
{
    public required string Name { get; init; }

    public required string Value { get; init; }

    /// As people read it: amounts and spans of time in words.
    public string Shown => (Name, long.TryParse(Value, CultureInfo.InvariantCulture, out var number)) switch
    {
        (['m', 'e', 'm', 'o', 'r', 'y', '.', ..], true) => Size.Text(number),
        ("uptime.seconds", true) => $"{number / 86400} d {number / 3600 % 24} h {number / 60 % 60} min",
        _ => Value,
    };
}

internal sealed record DiskRow
{
    public required string Mount { get; init; }

    public required string Device { get; init; }

    public required string FileSystem { get; init; }

    public required long TotalBytes { get; init; }

    public required long UsedBytes { get; init; }

    public required long FreeBytes { get; init; }
}

internal sealed record ServiceRow
{
    public required string Id { get; init; }

    public required string ServerId { get; init; }

    public required string Kind { get; init; }

    public required string Identity { get; init; }

    public required string Title { get; init; }

    public string? Version { get; init; }

    public int? Port { get; init; }

    public string? SocketDirectory { get; init; }

    public string? DataDirectory { get; init; }

    public string? RunsAs { get; init; }

    public required bool Running { get; init; }

    public required double Confidence { get; init; }

    public required string Evidence { get; init; }

    public required string Stores { get; init; }

    public required DateTimeOffset FirstSeenAt { get; init; }

    public required DateTimeOffset LastSeenAt { get; init; }

    public IReadOnlyList<Evidence> EvidenceList => JsonSerializer.Deserialize<Evidence[]>(Evidence) ?? [];

    public IReadOnlyList<DataStore> StoreList => JsonSerializer.Deserialize<DataStore[]>(Stores) ?? [];
}
