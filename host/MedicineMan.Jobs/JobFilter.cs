namespace MedicineMan.Jobs;

/// Which jobs a list shows; null means all.
public sealed record JobFilter
{
    public JobState? State { get; init; }

    public string? Type { get; init; }

    public string? ServerId { get; init; }
}

/// The last row of a page; the next page starts below it.
public sealed record JobCursor(DateTimeOffset CreatedAt, string Id)
{
    public static JobCursor After(JobRow row) => new(row.CreatedAt, row.Id);
}
