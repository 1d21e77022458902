using System.Text.Json;

namespace MedicineMan.Host.Backups.Plans;

/// What an operator decides about a plan.
internal sealed record PlanSettings
{
    public required string Name { get; init; }

    public required string ServerId { get; init; }

    public required string RepositoryId { get; init; }

    /// Kind of a backup provider, for instance <c>postgres</c>.
    public required string Kind { get; init; }

    /// Identity of the service the scan found; null when entered by hand.
    public string? Service { get; init; }

    public string? Host { get; init; }

    public int? Port { get; init; }

    public string? UserName { get; init; }

    public string? Password { get; init; }

    public string? RunAs { get; init; }

    /// Names to back up; empty for all there are at the time of the run.
    public IReadOnlyList<string> Items { get; init; } = [];

    public bool Prove { get; init; } = true;

    /// Where proofs restore to; null for the plan's own server.
    public string? ProofServerId { get; init; }

    public string? ProofHost { get; init; }

    public int? ProofPort { get; init; }

    public string? ProofUserName { get; init; }

    public string? ProofPassword { get; init; }

    public string? ProofRunAs { get; init; }
}

internal sealed record PlanRow
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string ServerId { get; init; }

    public required string ServerName { get; init; }

    public required string RepositoryId { get; init; }

    public required string RepositoryName { get; init; }

    public required string Kind { get; init; }

    public string? Service { get; init; }

    public string? Host { get; init; }

    public int? Port { get; init; }

    public string? UserName { get; init; }

    public string? PasswordSecret { get; init; }

    public string? RunAs { get; init; }

    public required string Items { get; init; }

    public bool Prove { get; init; }

    public string? ProofServerId { get; init; }

    public string? ProofServerName { get; init; }

    public string? ProofHost { get; init; }

    public int? ProofPort { get; init; }

    public string? ProofUserName { get; init; }

    public string? ProofPasswordSecret { get; init; }

    public string? ProofRunAs { get; init; }

    public string? Found { get; init; }

    public string? FoundError { get; init; }

    public DateTimeOffset? FoundAt { get; init; }

    public string? LastRunId { get; init; }

    public StageState? DumpState { get; init; }

    public StageState? StoreState { get; init; }

    public StageState? ProveState { get; init; }

    public DateTimeOffset? LastRunAt { get; init; }

    public DateTimeOffset? LastProvenAt { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public bool HasProofConnection => ProofHost is not null || ProofPort is not null || ProofUserName is not null || ProofPasswordSecret is not null || ProofRunAs is not null;

    /// Proofs go where the backup comes from, over the same connection.
    public bool ProvesAtHome => (ProofServerId ?? ServerId) == ServerId && !HasProofConnection;

    public IReadOnlyList<string> ItemNames => JsonSerializer.Deserialize<string[]>(Items) ?? [];
}
