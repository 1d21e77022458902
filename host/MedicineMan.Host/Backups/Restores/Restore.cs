using System.Text.Json;
using MedicineMan.Sdk.Backups;

namespace MedicineMan.Host.Backups.Restores;

/// What an operator asks of a restore.
internal sealed record RestoreRequest
{
    public required string RepositoryId { get; init; }

    /// Full id of the snapshot, or the beginning of it.
    public required string SnapshotId { get; init; }

    /// The item in the snapshot, for instance a database's name.
    public required string Item { get; init; }

    /// Names of tables; null for all.
    public IReadOnlyList<string>? Objects { get; init; }

    public required string ServerId { get; init; }

    /// The name the restored item gets.
    public required string Target { get; init; }

    /// The target's name once more, typed by a person, when an existing target may be replaced; null or empty otherwise.
    public string? Confirmation { get; init; }

    public bool DryRun { get; init; }

    public string? Host { get; init; }

    public int? Port { get; init; }

    public string? UserName { get; init; }

    public string? Password { get; init; }

    public string? RunAs { get; init; }

    /// Takes host, port, user and password from this plan, when the target server is the plan's own.
    public string? PlanId { get; init; }
}

internal sealed record RestoreRow
{
    public required string Id { get; init; }

    public required string RepositoryId { get; init; }

    public string? RepositoryName { get; init; }

    public required string SnapshotId { get; init; }

    public string? RunId { get; init; }

    public required string Kind { get; init; }

    public required string ServerId { get; init; }

    public string? ServerName { get; init; }

    public string? Host { get; init; }

    public int? Port { get; init; }

    public string? UserName { get; init; }

    public string? PasswordSecret { get; init; }

    public string? RunAs { get; init; }

    public required string Item { get; init; }

    public required string Target { get; init; }

    public string? Objects { get; init; }

    public bool ReplaceExisting { get; init; }

    public bool DryRun { get; init; }

    public required StageState State { get; init; }

    public string? Error { get; init; }

    public string? Report { get; init; }

    public string? JobId { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public IReadOnlyList<string>? ObjectNames => Objects is null ? null : JsonSerializer.Deserialize<string[]>(Objects);

    public RestoreReport? Result => Report is null ? null : JsonSerializer.Deserialize<RestoreReport>(Report);
}
