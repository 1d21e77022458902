namespace MedicineMan.Jobs;

/// Which jobs a list shows; null means all.
public sealed record JobFilter
{
    public JobState? State { get; init; }

    public string? Type { get; init; }

    public string? ServerId { get; init; }

    public string? Person { get; init; }

    public string? Group { get; init; }

    /// In the title, the error or the id of the job, in upper or lower case.
    public string? Text { get; init; }

    /// Enqueued then or later.
    public DateTimeOffset? Since { get; init; }

    /// Enqueued before.
    public DateTimeOffset? Until { get; init; }
}

/// Some of a list, newest first, and the id behind which it goes on; null at the end. A search by more than one thing looks through so many jobs at a time, so it
/// can go on behind a page that holds few or none.
public sealed record JobPage(IReadOnlyList<JobRow> Rows, string? Next);
