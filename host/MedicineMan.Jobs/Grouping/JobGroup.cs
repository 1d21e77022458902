namespace MedicineMan.Jobs.Grouping;

/// Jobs that belong together, and what follows when the last of them has ended.
public sealed record JobGroupRequest(string Organization, string Title, IReadOnlyList<JobRequest> Jobs)
{
    /// Enqueued once, when the group has ended.
    public JobRequest? Continuation { get; init; }

    /// Whether the continuation is left out when a job of the group died or was cancelled. Running that job again with success makes up for it.
    public bool OnlyAfterSuccess { get; init; } = true;
}

/// A group as pages and endpoints show it.
public sealed record JobGroup
{
    public required string Id { get; init; }

    public required string Title { get; init; }

    public required int Jobs { get; init; }

    /// Jobs that have not ended.
    public required int Open { get; init; }

    /// Jobs that died or were cancelled, and were not run again.
    public required int Failed { get; init; }

    /// Whether it has a continuation.
    public required bool Follows { get; init; }

    /// The continuation, once it is enqueued.
    public string? NextJob { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }
}
