namespace MedicineMan.Jobs.Rows;

/// Rows as both databases hold them: times in milliseconds, states in words.
internal sealed record StoredJob
{
    public required string Id { get; init; }

    public required string Organization { get; init; }

    public required string Type { get; init; }

    public required int Version { get; init; }

    public required string Arguments { get; init; }

    public string? Title { get; init; }

    public string? ServerId { get; init; }

    public string? RequestedBy { get; init; }

    public string? ConcurrencyKey { get; init; }

    public string? UniqueKey { get; init; }

    public required int Priority { get; init; }

    public required string State { get; init; }

    public required int Attempt { get; init; }

    public required int Failures { get; init; }

    public required int MaxAttempts { get; init; }

    public long? TimeLimit { get; init; }

    public required long CreatedAt { get; init; }

    public required long DueAt { get; init; }

    public long? StartedAt { get; init; }

    public long? EndedAt { get; init; }

    public string? Worker { get; init; }

    public required int CancelRequested { get; init; }

    public string? Progress { get; init; }

    public string? Checkpoint { get; init; }

    public string? Error { get; init; }

    public required string Queue { get; init; }

    public required int ConcurrencyLimit { get; init; }

    public string? SecondKey { get; init; }

    public int? SecondLimit { get; init; }

    public required string Lane { get; init; }

    public required int Granted { get; init; }

    public long? Deadline { get; init; }

    public string? GroupId { get; init; }

    public string? Signature { get; init; }

    public JobRow ToRow() => new()
    {
        Queue = Queue,
        ConcurrencyLimit = ConcurrencyLimit,
        SecondKey = SecondKey,
        SecondLimit = SecondLimit ?? 1,
        Wait = State == "ready" ? Lanes.WaitOf(Lane) : State == "scheduled" && Granted != 0 ? JobWait.Rate : JobWait.None,
        Deadline = Statements.Time(Deadline),
        Group = GroupId,
        Signature = Signature,
        Id = Id,
        Organization = Organization,
        Type = Type,
        Version = Version,
        Arguments = Arguments,
        Title = Title ?? Type,
        ServerId = ServerId,
        RequestedBy = RequestedBy,
        ConcurrencyKey = ConcurrencyKey,
        UniqueKey = UniqueKey,
        Priority = Priority,
        State = JobStates.Read(State),
        Attempt = Attempt,
        Failures = Failures,
        MaxAttempts = MaxAttempts,
        TimeLimit = TimeLimit is { } limit ? TimeSpan.FromMilliseconds(limit) : null,
        CreatedAt = Statements.Time(CreatedAt),
        DueAt = Statements.Time(DueAt),
        StartedAt = Statements.Time(StartedAt),
        EndedAt = Statements.Time(EndedAt),
        Worker = Worker,
        CancelRequested = CancelRequested != 0,
        Progress = JobQueue.ReadProgress(Progress),
        Checkpoint = Checkpoint,
        Error = Error,
    };
}

internal sealed record StoredAttempt
{
    public required int Number { get; init; }

    public required string Worker { get; init; }

    public required long StartedAt { get; init; }

    public long? EndedAt { get; init; }

    public required string Outcome { get; init; }

    public string? Error { get; init; }

    public JobAttempt ToAttempt() => new()
    {
        Number = Number,
        Worker = Worker,
        StartedAt = Statements.Time(StartedAt),
        EndedAt = Statements.Time(EndedAt),
        Outcome = Outcome,
        Error = Error,
    };
}

internal sealed record StoredLine
{
    public required long Id { get; init; }

    public required int Attempt { get; init; }

    public required long At { get; init; }

    public required string Message { get; init; }

    public JobLogLine ToLine() => new() { Id = Id, Attempt = Attempt, At = Statements.Time(At), Message = Message };
}

internal sealed record StoredCount
{
    public required string State { get; init; }

    public required long Jobs { get; init; }
}

internal sealed record StoredPause
{
    public required string Organization { get; init; }

    public required string Kind { get; init; }

    public required string Name { get; init; }

    public required string PausedBy { get; init; }

    public required long PausedAt { get; init; }

    public JobPause ToPause() => new(Organization, PauseKinds.Read(Kind), Name) { PausedBy = PausedBy, PausedAt = Statements.Time(PausedAt) };
}
