namespace MedicineMan.Jobs.Claiming;

/// A job as its worker holds it.
internal sealed record ClaimedJob
{
    public required string Id { get; init; }

    public required string Organization { get; init; }

    public required string Type { get; init; }

    public required int Version { get; init; }

    public required string Arguments { get; init; }

    public required int Attempt { get; init; }

    public required int Failures { get; init; }

    public required int MaxAttempts { get; init; }

    public long? TimeLimit { get; init; }

    public long? Deadline { get; init; }

    /// The fencing token: every write for this run carries it, and one that is not the newest changes nothing.
    public required long Token { get; init; }

    /// Null while it waits in its worker for a free place.
    public long? StartedAt { get; init; }

    public string? Checkpoint { get; init; }

    public string? Worker { get; init; }

    public string? ConcurrencyKey { get; init; }

    public required int ConcurrencyLimit { get; init; }

    public string? SecondKey { get; init; }

    public int? SecondLimit { get; init; }

    public required int Priority { get; init; }

    public required long DueAt { get; init; }

    public required string Queue { get; init; }

    /// Times its worker died with it since it last ended an attempt in any other way.
    public required int Crashes { get; init; }

    public required int Granted { get; init; }

    public string? GroupId { get; init; }

    /// What it shares with others while it runs.
    public IReadOnlyList<SharedKey> Keys => (ConcurrencyKey, SecondKey) switch
    {
        (null, null) => [],
        ({ } one, null) => [new(Organization, one, 0, ConcurrencyLimit)],
        (null, { } other) => [new(Organization, other, 1, SecondLimit ?? 1)],
        ({ } one, { } other) => [new(Organization, one, 0, ConcurrencyLimit), new(Organization, other, 1, SecondLimit ?? 1)],
    };

    /// Whether a crash of the database may undo its claim: it would be ready again while this worker still runs it. That worker's writes are refused then, but what may be tried only
    /// once, or never beside another one with its key, must not start again, and a suspect's crash must count.
    public bool BearsLoss => this is { ConcurrencyKey: null, SecondKey: null, Crashes: 0 } && Verdict.RunsAgain(this, permanent: false);

    public RunKey Key => new(Id, Token);

    /// Grows with each claim, and the token of one that a crash undid does not come again: it goes by the time, in microseconds, and by chance where clocks are coarse or set back.
    public long TokenAfter(DateTimeOffset now) => Math.Max(Token, (now - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond) + 1 + Random.Shared.Next(1000);

    public const string Columns = """
        id as Id, organization_id as Organization, type as Type, version as Version, arguments as Arguments, attempt as Attempt, failures as Failures,
        max_attempts as MaxAttempts, time_limit as TimeLimit, deadline as Deadline, lease_token as Token, started_at as StartedAt, checkpoint as Checkpoint,
        worker as Worker, concurrency_key as ConcurrencyKey, concurrency_limit as ConcurrencyLimit, priority as Priority, due_at as DueAt, queue as Queue,
        second_key as SecondKey, second_limit as SecondLimit, crashes as Crashes, granted as Granted, group_id as GroupId
        """;
}

/// A key that no more running jobs than its limit have.
/// <param name="Place">0 for a job's first key, 1 for its second; each place has names of its own.</param>
internal sealed record SharedKey(string Organization, string Key, int Place, int Limit)
{
    public string Lane => Lanes.Key(Organization, Key, Place);
}

/// A run of a job: one worker can for a while hold two of the same job, an old one that lost its lease and the new one.
internal sealed record RunKey(string Job, long Token);
