namespace MedicineMan.Jobs;

/// What is wanted of the queue: a declared type name with a version and JSON arguments, never a serialised method call.
public sealed record JobRequest(string Organization, string Type, string Arguments)
{
    /// The queue of a job that names none.
    public const string DefaultQueue = "default";

    /// Version of the arguments' shape, so that rows written before an upgrade can still be read after it.
    public int Version { get; init; } = 1;

    /// Which workers may run it; a worker without a list of queues runs all of them. Lower case letters, digits, dots and dashes.
    public string Queue { get; init; } = DefaultQueue;

    /// Running jobs of an organisation that share one are never more than the limit.
    public string? ConcurrencyKey { get; init; }

    public int ConcurrencyLimit { get; init; } = 1;

    /// A second such key, for a job that holds two things: it runs only while there is room under both. Its names are apart from those of the first.
    public string? SecondKey { get; init; }

    public int SecondLimit { get; init; } = 1;

    /// While an unfinished job of the organisation has this key, enqueueing again returns that job.
    public string? UniqueKey { get; init; }

    /// Higher runs first, but nobody starves: each step is worth a minute of waiting.
    public int Priority { get; init; }

    public DateTimeOffset? NotBefore { get; init; }

    /// From then on it is of no use: it does not start any more, and is stopped when it runs.
    public DateTimeOffset? Deadline { get; init; }

    /// Failures and crashes that are borne before the job is dead.
    public int MaxAttempts { get; init; } = 5;

    public string? ServerId { get; init; }

    public string? RequestedBy { get; init; }

    /// What people read in lists; the type when there is none.
    public string? Title { get; init; }

    /// How long one attempt may take.
    public TimeSpan? TimeLimit { get; init; }

    /// How long it stays in the history when it has ended.
    public JobHistory History { get; init; } = JobHistory.Normal;
}

/// The classes of history; how long each is kept is an option of the workers. Stored in lower case.
public enum JobHistory
{
    /// What happens every minute, and nobody asks about tomorrow.
    Brief,

    Normal,

    /// What an auditor may ask for.
    Lasting,
}
