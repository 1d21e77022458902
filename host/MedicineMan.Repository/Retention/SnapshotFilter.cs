namespace MedicineMan.Repository.Retention;

/// <summary>Which snapshots a command is about. Empty means all.</summary>
public sealed record SnapshotFilter
{
    /// <summary>Of any of these machines.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>With all labels of at least one of these lists.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Tags { get; init; } = [];

    /// <summary>Of all these paths.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>True when a snapshot is meant.</summary>
    public bool Matches(SnapshotEntry snapshot) =>
        (Hosts.Count == 0 || Hosts.Contains(snapshot.Host))
        && (Tags.Count == 0 || Tags.Any(snapshot.HasTags))
        && Paths.All(path => snapshot.Paths.Contains(path));
}

/// <summary>By what snapshots are put into groups, each of which a rule is applied to on its own. Default machine and paths.</summary>
public sealed record SnapshotGrouping(bool Host = true, bool Paths = true, bool Tags = false)
{
    internal IEnumerable<IGrouping<SnapshotGroup, SnapshotEntry>> Group(IEnumerable<SnapshotEntry> snapshots) => snapshots
        .GroupBy(snapshot => new SnapshotGroup(Host ? snapshot.Host : "", Paths ? Sorted(snapshot.Paths) : [], Tags ? Sorted(snapshot.Tags) : []), SnapshotGroup.ByContent)
        .OrderBy(group => group.Key.Host, StringComparer.Ordinal).ThenBy(group => string.Join('\n', group.Key.Paths), StringComparer.Ordinal);

    private static string[] Sorted(IEnumerable<string> texts) => [.. texts.Order(StringComparer.Ordinal)];
}

/// <summary>What the snapshots of a group have in common.</summary>
/// <param name="Host">Machine; empty when not grouped by it.</param>
/// <param name="Paths">Sorted; empty when not grouped by them.</param>
/// <param name="Tags">Sorted; empty when not grouped by them.</param>
public sealed record SnapshotGroup(string Host, IReadOnlyList<string> Paths, IReadOnlyList<string> Tags)
{
    internal static IEqualityComparer<SnapshotGroup> ByContent { get; } = EqualityComparer<SnapshotGroup>.Create(
        (left, right) => left!.Host == right!.Host && left.Paths.SequenceEqual(right.Paths) && left.Tags.SequenceEqual(right.Tags),
        group => HashCode.Combine(group.Host, group.Paths.Count, group.Tags.Count));
}
