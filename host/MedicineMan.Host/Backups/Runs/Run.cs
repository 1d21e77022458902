using System.Text.Json;

namespace MedicineMan.Host.Backups.Runs;

/// One run of a plan: dump, store, prove.
internal sealed record RunRow
{
    public required string Id { get; init; }

    public required string PlanId { get; init; }

    public string? PlanName { get; init; }

    /// Plan and server of a run that another installation made; null for our own.
    public string? Origin { get; init; }

    public string Name => PlanName ?? Origin ?? "removed plan";

    public required string ServerId { get; init; }

    public string? ServerName { get; init; }

    /// Where it is proven, as its plan says now; null for on its own server.
    public string? ProofServerId { get; init; }

    public required string RepositoryId { get; init; }

    public required string Kind { get; init; }

    public required string Items { get; init; }

    public required StageState DumpState { get; init; }

    public required StageState StoreState { get; init; }

    public required StageState ProveState { get; init; }

    /// Why dump or store failed.
    public string? Error { get; init; }

    /// Why the proof failed or what it found.
    public string? ProveError { get; init; }

    public string? DumpJobId { get; init; }

    public string? ProveJobId { get; init; }

    public string? SnapshotId { get; init; }

    public long ReadBytes { get; init; }

    public long NewBytes { get; init; }

    public long StoredBytes { get; init; }

    public int Tables { get; init; }

    public long TableRows { get; init; }

    public string? Tools { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? StoredAt { get; init; }

    public DateTimeOffset? ProvenAt { get; init; }

    public long? RestoreMs { get; init; }

    public long? CompareMs { get; init; }

    public string? Compared { get; init; }

    public string? Differences { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public IReadOnlyList<string> ItemNames => JsonSerializer.Deserialize<string[]>(Items) ?? [];

    /// One word for the whole: green is for proven alone.
    public string State => (DumpState, StoreState, ProveState) switch
    {
        (StageState.Cancelled, _, _) or (_, StageState.Cancelled, _) => "cancelled",
        (StageState.Failed, _, _) or (_, StageState.Failed, _) => "failed",
        (_, StageState.Done, StageState.Done) => "proven",
        (_, StageState.Done, StageState.Failed) => "not proven",
        (_, StageState.Done, StageState.Running or StageState.Waiting) => "proving",
        (_, StageState.Done, _) => "stored",
        (StageState.Waiting, _, _) => "waiting",
        _ => "running",
    };

    public bool IsFinal => DumpState.IsFinal() && StoreState.IsFinal() && ProveState.IsFinal();
}

/// A table or the like inside a run, as captured when it was dumped.
internal sealed record RunObject
{
    public required string Item { get; init; }

    public required string Name { get; init; }

    public long? RowCount { get; init; }

    public required long Bytes { get; init; }

    public string? Checksum { get; init; }
}
