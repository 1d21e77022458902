namespace MedicineMan.Repository.Retention;

/// <summary>Which snapshots to remove: by a rule, or by name.</summary>
public sealed record ForgetOptions
{
    /// <summary>What to keep. An empty rule removes nothing.</summary>
    public RetentionRule Rule { get; init; } = new();

    /// <summary>Ids, starts of ids or <c>latest</c>: exactly these are removed, and the rule is not asked. Default none.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Snapshots the rule is about. Default all.</summary>
    public SnapshotFilter Filter { get; init; } = new();

    /// <summary>How they are grouped.</summary>
    public SnapshotGrouping Grouping { get; init; } = new();

    /// <summary>What stays whatever the rule says.</summary>
    public RetentionGuards Guards { get; init; } = new();

    /// <summary>True to say what would be removed, and remove nothing. Takes no lock.</summary>
    public bool DryRun { get; init; }

    /// <summary>How long to wait for others to release the repository. Default not at all.</summary>
    public TimeSpan LockPatience { get; init; }
}

/// <summary>What was kept and removed, group by group.</summary>
/// <param name="Groups">Groups.</param>
public sealed record ForgetReport(IReadOnlyList<ForgottenGroup> Groups)
{
    /// <summary>Snapshots removed, or, in a dry run, to remove.</summary>
    public int Removed => Groups.Sum(group => group.Remove.Count);
}

/// <summary>A group of snapshots, newest first.</summary>
/// <param name="Group">What they have in common.</param>
/// <param name="Keep">Those that stay.</param>
/// <param name="Remove">Those that go.</param>
public sealed record ForgottenGroup(SnapshotGroup Group, IReadOnlyList<KeptSnapshot> Keep, IReadOnlyList<SnapshotEntry> Remove);

/// <summary>A snapshot that stays.</summary>
/// <param name="Snapshot">It.</param>
/// <param name="Reasons">Why, at least one.</param>
public sealed record KeptSnapshot(SnapshotEntry Snapshot, IReadOnlyList<string> Reasons);
