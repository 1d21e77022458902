namespace MedicineMan.Jobs;

/// Which jobs a list shows; null means all.
public sealed record JobFilter
{
    public JobState? State { get; init; }

    public string? Type { get; init; }

    public string? ServerId { get; init; }

    public string? Person { get; init; }

    public string? Group { get; init; }
}
