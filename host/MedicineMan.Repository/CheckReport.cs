namespace MedicineMan.Repository;

/// <summary>How far a check goes.</summary>
public sealed record CheckOptions
{
    /// <summary>True to read and verify every byte; false to look at the structure: snapshots, folders, index, packs and their sizes.</summary>
    public bool ReadData { get; init; }
}

/// <summary>How far a check is.</summary>
/// <param name="Packs">Packs read.</param>
/// <param name="TotalPacks">Packs to read.</param>
/// <param name="Bytes">Bytes read.</param>
public sealed record CheckProgress(long Packs, long TotalPacks, long Bytes);

/// <summary>What a check found.</summary>
public sealed record CheckReport
{
    /// <summary>Each damage. Empty means that every snapshot restores as far as was looked.</summary>
    public required IReadOnlyList<CheckProblem> Problems { get; init; }

    /// <summary>Readable snapshots.</summary>
    public required int Snapshots { get; init; }

    /// <summary>Packs in the index.</summary>
    public required int Packs { get; init; }

    /// <summary>Packs in no index: the rest of interrupted backups. They take space and harm nothing.</summary>
    public required int UnusedPacks { get; init; }

    /// <summary>Blobs in the index.</summary>
    public required long Blobs { get; init; }

    /// <summary>Bytes read and verified in packs.</summary>
    public required long BytesRead { get; init; }

    /// <summary>True when nothing is wrong.</summary>
    public bool Passed => Problems.Count == 0;
}

/// <summary>One damage.</summary>
/// <param name="Message">What is wrong with which object.</param>
/// <param name="Pack">The pack, when it is one.</param>
/// <param name="Affected">What can't be restored for it, as <c>snapshot:/path</c>; at most a thousand.</param>
public sealed record CheckProblem(string Message, ObjectId? Pack, IReadOnlyList<string> Affected);
