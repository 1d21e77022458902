namespace MedicineMan.Jobs.Rows;

internal sealed record StoredWorker
{
    public required string Name { get; init; }

    public required string Version { get; init; }

    public required string Queues { get; init; }

    public required int Concurrency { get; init; }

    public required int Running { get; init; }

    public required int Reserved { get; init; }

    public required long Done { get; init; }

    public required long StartedAt { get; init; }

    public required long SeenAt { get; init; }

    public long? StoppedAt { get; init; }

    public JobWorkerRow ToRow() => new()
    {
        Name = Name,
        Version = Version,
        Queues = Queues.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        Concurrency = Concurrency,
        Running = Running,
        Reserved = Reserved,
        Done = Done,
        StartedAt = Statements.Time(StartedAt),
        SeenAt = Statements.Time(SeenAt),
        StoppedAt = Statements.Time(StoppedAt),
    };
}

internal sealed record StoredStats
{
    public required long Minute { get; init; }

    public required string Type { get; init; }

    public required long Succeeded { get; init; }

    public required long Failed { get; init; }

    public required long Dead { get; init; }

    public required long Cancelled { get; init; }

    public required string WaitMs { get; init; }

    public required string RunMs { get; init; }
}

internal sealed record StoredDeadKind
{
    public required string Type { get; init; }

    public string? Signature { get; init; }

    public required long Jobs { get; init; }

    public required long FirstAt { get; init; }

    public required long LastAt { get; init; }

    public required string NewestId { get; init; }

    public DeadKind ToKind() => new()
    {
        Type = Type, Signature = Signature, Jobs = Jobs, FirstAt = Statements.Time(FirstAt), LastAt = Statements.Time(LastAt), NewestId = NewestId,
    };
}

internal sealed record StoredBacklog
{
    public required string Queue { get; init; }

    public required long Ready { get; init; }

    public required long OldestDue { get; init; }
}

internal sealed record StoredGroup
{
    public required string Id { get; init; }

    public required string Title { get; init; }

    public required int Jobs { get; init; }

    public required int Open { get; init; }

    public required int Failed { get; init; }

    public required int Follows { get; init; }

    public string? NextJob { get; init; }

    public required long CreatedAt { get; init; }

    public long? EndedAt { get; init; }

    public JobGroup ToGroup() => new()
    {
        Id = Id, Title = Title, Jobs = Jobs, Open = Open, Failed = Failed, Follows = Follows != 0, NextJob = NextJob, CreatedAt = Statements.Time(CreatedAt), EndedAt = Statements.Time(EndedAt),
    };
}
