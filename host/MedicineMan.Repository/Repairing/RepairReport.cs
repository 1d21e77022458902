namespace MedicineMan.Repository.Repairing;

/// <summary>What to repair.</summary>
public sealed record RepairOptions
{
    /// <summary>True to say what would be done, and do nothing.</summary>
    public bool DryRun { get; init; }

    /// <summary>Index: true to trust no index file and read the header of every pack. Default false: of those that the index does not explain.</summary>
    public bool ReadAllPacks { get; init; }

    /// <summary>Packs: which, by id or the start of one. Default empty: all are read in full, and those that are damaged are repaired.</summary>
    public IReadOnlyList<string> Packs { get; init; } = [];

    /// <summary>Snapshots: true to remove the damaged one when its repaired copy is stored, and files that are no readable snapshots. Default false.</summary>
    public bool Forget { get; init; }

    /// <summary>How long to wait for others to release the repository. Default not at all.</summary>
    public TimeSpan LockPatience { get; init; }
}

/// <summary>What a repair of index or packs did.</summary>
public sealed record IndexRepair
{
    /// <summary>Packs that were in no readable index, or not as they are, and are now.</summary>
    public required IReadOnlyList<ObjectId> Added { get; init; }

    /// <summary>Packs that the index lists no more, because they are missing.</summary>
    public required IReadOnlyList<ObjectId> Dropped { get; init; }

    /// <summary>Damaged packs whose whole blocks were carried into new ones. Their files stay until a prune.</summary>
    public required IReadOnlyList<ObjectId> Salvaged { get; init; }

    /// <summary>Packs that neither an index nor their own header explains. They were left alone.</summary>
    public required IReadOnlyList<ObjectId> Unexplained { get; init; }

    /// <summary>Blocks that were carried over.</summary>
    public required long BlobsSaved { get; init; }

    /// <summary>Blocks that are lost. Repairing the snapshots takes them out of what can be restored.</summary>
    public required long BlobsLost { get; init; }

    /// <summary>Index files that were replaced.</summary>
    public required int IndexFilesReplaced { get; init; }
}

/// <summary>What a repair of snapshots did.</summary>
/// <param name="Checked">Snapshots looked through.</param>
/// <param name="Repaired">Those that had lost something.</param>
/// <param name="Unreadable">Files that are no readable snapshots.</param>
public sealed record SnapshotRepair(int Checked, IReadOnlyList<RepairedSnapshot> Repaired, IReadOnlyList<string> Unreadable);

/// <summary>A snapshot that had lost something.</summary>
/// <param name="Old">The damaged one.</param>
/// <param name="New">Its copy without what is lost; null when nothing is left, or in a dry run.</param>
/// <param name="Lost">Paths that are not whole; at most a thousand. Of a file, what is left stands beside its place, with <c>.damaged</c> behind its name.</param>
public sealed record RepairedSnapshot(ObjectId Old, ObjectId? New, IReadOnlyList<string> Lost);
