namespace MedicineMan.Jobs;

/// A job as pages and endpoints show it.
public sealed record JobRow
{
    public required string Id { get; init; }

    public required string Organization { get; init; }

    public required string Type { get; init; }

    public required int Version { get; init; }

    public required string Arguments { get; init; }

    public required string Title { get; init; }

    public string? ServerId { get; init; }

    public string? RequestedBy { get; init; }

    public string? ConcurrencyKey { get; init; }

    /// How many running jobs share the key.
    public int ConcurrencyLimit { get; init; } = 1;

    /// The second key, and how many running jobs share that.
    public string? SecondKey { get; init; }

    public int SecondLimit { get; init; } = 1;

    public string? UniqueKey { get; init; }

    public required int Priority { get; init; }

    public required JobState State { get; init; }

    /// Number of the current or last attempt; 0 before the first.
    public required int Attempt { get; init; }

    /// Attempts that failed or crashed since the job was enqueued or retried by hand; dead when they reach the maximum.
    public required int Failures { get; init; }

    public required int MaxAttempts { get; init; }

    public TimeSpan? TimeLimit { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// When it may run: its time, or that of its next attempt.
    public required DateTimeOffset DueAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public string? Worker { get; init; }

    public required bool CancelRequested { get; init; }

    public JobProgress? Progress { get; init; }

    public string? Checkpoint { get; init; }

    /// Why the last attempt ended badly, in words for people.
    public string? Error { get; init; }

    public required string Queue { get; init; }

    /// What holds it back besides its time and a worker.
    public JobWait Wait { get; init; }

    public DateTimeOffset? Deadline { get; init; }

    public string? Group { get; init; }

    /// What dead jobs with this kind of error have in common.
    public string? Signature { get; init; }
}

/// What holds a job back that would start otherwise.
public enum JobWait
{
    None,

    /// Running jobs with its concurrency key.
    Key,

    /// Running jobs with its second key.
    SecondKey,

    /// Its type is paused.
    Pause,

    /// Other jobs of its type, of which only so many start in a while; it is due when its turn comes.
    Rate,

    /// Its worker died with it; it runs when its worker has no other such job under way.
    Suspicion,
}

/// One attempt of a job. Outcomes: running, succeeded, failed, cancelled, lost (its worker died), interrupted (its worker was stopped).
public sealed record JobAttempt
{
    public required int Number { get; init; }

    public required string Worker { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public required string Outcome { get; init; }

    public string? Error { get; init; }
}

/// One line of a job's log; ids grow, so the last one seen is the place to read on from.
public sealed record JobLogLine
{
    public required long Id { get; init; }

    public required int Attempt { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string Message { get; init; }
}

/// How far a run is: a stage of a word or two, and amounts in a unit.
public sealed record JobProgress(string Stage, long Done, long? Total = null, string Unit = "bytes", string? Detail = null);
