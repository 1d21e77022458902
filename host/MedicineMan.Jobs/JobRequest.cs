namespace MedicineMan.Jobs;

/// What is wanted of the queue: a declared type name with a version and JSON arguments, never a serialised method call.
public sealed record JobRequest(string Organization, string Type, string Arguments)
{
    /// Version of the arguments' shape, so that rows written before an upgrade can still be read after it.
    public int Version { get; init; } = 1;

    /// Two running jobs of an organisation never share one.
    public string? ConcurrencyKey { get; init; }

    /// While an unfinished job of the organisation has this key, enqueueing again returns that job.
    public string? UniqueKey { get; init; }

    /// Higher runs first.
    public int Priority { get; init; }

    public DateTimeOffset? NotBefore { get; init; }

    /// Failures and crashes that are borne before the job is dead.
    public int MaxAttempts { get; init; } = 5;

    public string? ServerId { get; init; }

    public string? RequestedBy { get; init; }

    /// What people read in lists; the type when there is none.
    public string? Title { get; init; }

    /// How long one attempt may take.
    public TimeSpan? TimeLimit { get; init; }
}
