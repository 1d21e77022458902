namespace MedicineMan.Repository.Retention;

/// <summary>What to keep of each group of snapshots, with the meaning that restic gives it. A count of <see cref="All"/> has no end.</summary>
public sealed record RetentionRule
{
    /// <summary>As a count: keep all of that kind.</summary>
    public const int All = -1;

    /// <summary>The newest so many.</summary>
    public int Last { get; init; }

    /// <summary>The newest one of each hour, for the newest so many hours that have one; and so on for the others.</summary>
    public int Hourly { get; init; }

    /// <summary>By day.</summary>
    public int Daily { get; init; }

    /// <summary>By ISO week.</summary>
    public int Weekly { get; init; }

    /// <summary>By month.</summary>
    public int Monthly { get; init; }

    /// <summary>By year.</summary>
    public int Yearly { get; init; }

    /// <summary>Every one that is younger than this, counted from the newest one.</summary>
    public KeepFor Within { get; init; }

    /// <summary>One an hour among those younger than this; and so on for the others.</summary>
    public KeepFor WithinHourly { get; init; }

    /// <summary>By day.</summary>
    public KeepFor WithinDaily { get; init; }

    /// <summary>By ISO week.</summary>
    public KeepFor WithinWeekly { get; init; }

    /// <summary>By month.</summary>
    public KeepFor WithinMonthly { get; init; }

    /// <summary>By year.</summary>
    public KeepFor WithinYearly { get; init; }

    /// <summary>Every one that has all labels of at least one of these lists. An empty label stands for having none.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Tags { get; init; } = [];

    /// <summary>True to keep the oldest one while a count is not used up, as newer clients do: history reaches back as far as it can. Default true.</summary>
    public bool KeepOldest { get; init; } = true;

    /// <summary>True when it says nothing: then nothing is removed.</summary>
    public bool IsEmpty => Tags.Count == 0 && Counts.All(count => count == 0) && Spans.All(span => span.IsZero);

    private int[] Counts => [Last, Hourly, Daily, Weekly, Monthly, Yearly];

    private KeepFor[] Spans => [Within, WithinHourly, WithinDaily, WithinWeekly, WithinMonthly, WithinYearly];
}
