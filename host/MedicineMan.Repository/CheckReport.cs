namespace MedicineMan.Repository;

/// <summary>How far a check goes.</summary>
public sealed record CheckOptions
{
    /// <summary>True to read and verify every byte, and to put streams stored as patches together; false to look at the structure: snapshots, folders, index, packs and their sizes.</summary>
    public bool ReadData { get; init; }

    /// <summary>With <see cref="ReadData"/>: which share of the packs to read, such as part 3 of 30. Parts are equal, and all of them together are all packs. Default all.</summary>
    public (int Part, int Of) Share { get; init; } = (1, 1);
}

/// <summary>How far a check is.</summary>
/// <param name="Packs">Packs read.</param>
/// <param name="TotalPacks">Packs to read.</param>
/// <param name="Bytes">Bytes read.</param>
/// <param name="TotalBytes">Bytes to read.</param>
public sealed record CheckProgress(long Packs, long TotalPacks, long Bytes, long TotalBytes);

/// <summary>What a check found.</summary>
public sealed record CheckReport
{
    /// <summary>Each damage. Empty means that every snapshot restores as far as was looked.</summary>
    public required IReadOnlyList<CheckProblem> Problems { get; init; }

    /// <summary>What is not as it should be and costs nothing: leftovers, copies, packs of mixed kinds, keys that are not readable.</summary>
    public IReadOnlyList<CheckProblem> Remarks { get; init; } = [];

    /// <summary>How many problems and remarks there are of each kind.</summary>
    public IReadOnlyDictionary<DamageKind, int> Counts => Problems.Concat(Remarks).CountBy(problem => problem.Kind).ToDictionary();

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
/// <param name="Kind">What kind of.</param>
/// <param name="Message">What is wrong with which object.</param>
/// <param name="Pack">The pack, when it is one.</param>
/// <param name="Affected">What can't be restored for it, as <c>snapshot:/path</c>; at most a thousand.</param>
public sealed record CheckProblem(DamageKind Kind, string Message, ObjectId? Pack, IReadOnlyList<string> Affected);

/// <summary>Everything that can be wrong with a repository.</summary>
public enum DamageKind
{
    /// <summary>A pack that an index lists is not there.</summary>
    MissingPack,

    /// <summary>A pack is longer or shorter than it was written.</summary>
    WrongLength,

    /// <summary>Blocks of a pack are not what was written.</summary>
    DamagedBlocks,

    /// <summary>A pack's own list of its blocks is not readable.</summary>
    DamagedHeader,

    /// <summary>A pack's bytes are not those its name stands for.</summary>
    WrongHash,

    /// <summary>A pack holds blocks that the index does not list for it, or the other way round.</summary>
    MissingIndexEntry,

    /// <summary>An index file is not readable.</summary>
    BrokenIndex,

    /// <summary>A block that a snapshot needs is nowhere.</summary>
    MissingBlock,

    /// <summary>A folder listing makes no sense.</summary>
    BrokenTree,

    /// <summary>The parts of a stream that is stored as patches do not make it up.</summary>
    BrokenStream,

    /// <summary>A snapshot file is not readable.</summary>
    BrokenSnapshot,

    /// <summary>A pack is in no index. It costs space.</summary>
    UnreferencedPack,

    /// <summary>Several index files list one pack, or several packs hold one block. It costs space.</summary>
    Duplicate,

    /// <summary>An index file says nothing that others don't.</summary>
    ObsoleteIndex,

    /// <summary>A pack of old clients holds folders and content. It costs time.</summary>
    MixedPack,

    /// <summary>A key file is not readable: its password opens nothing.</summary>
    UnreadableKey,
}
