namespace MedicineMan.Sdk.Jobs;

/// <summary>How a job is enqueued. What holds for every run of a job, such as its back-off, stands in the manifest.</summary>
public sealed record JobOptions
{
    /// <summary>The furthest a <see cref="Priority"/> goes either way.</summary>
    public const int MostPriority = 10;

    /// <summary>While a job with this key waits or runs, no second one is made; null for none.</summary>
    public string? UniqueKey { get; init; }

    /// <summary>How long it waits at least before it starts; not negative.</summary>
    public TimeSpan Delay
    {
        get;
        init => field = value >= TimeSpan.Zero ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "A job can't start before it is enqueued.");
    }

    /// <summary>From -10 to 10. Higher goes first, but nobody starves: each step is worth a minute of waiting.</summary>
    public int Priority
    {
        get;
        init => field = value is >= -MostPriority and <= MostPriority ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"The priority of a job goes from -{MostPriority} to {MostPriority}.");
    }

    /// <summary>From then on it is of no use: it does not start any more, and is stopped when it runs. Null for none.</summary>
    public DateTimeOffset? Deadline { get; init; }
}
