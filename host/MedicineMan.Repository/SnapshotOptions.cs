using MedicineMan.Repository.Sources;

namespace MedicineMan.Repository;

/// <summary>What a snapshot says about itself.</summary>
public sealed record SnapshotOptions
{
    /// <summary>The machine the data comes from.</summary>
    public required string Host { get; init; }

    /// <summary>What was backed up, for people: absolute paths, or names of streams.</summary>
    public required IReadOnlyList<string> Paths { get; init; }

    /// <summary>Labels to find it by. Default none.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Who backed up.</summary>
    public string UserName { get; init; } = "";

    /// <summary>The program and its version.</summary>
    public string Program { get; init; } = "medicineman";

    /// <summary>When the data was as it is stored; null for now.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>A snapshot whose files need not be read again where size, times and inode are the same. Null to read everything.</summary>
    public ObjectId? Parent { get; init; }

    /// <summary>
    /// True to store parts of large streams that changed all over since <see cref="Parent"/> as patches to what it has. Default true; a stream that
    /// changed little or beyond likeness, or that the parent has not, is stored as blocks anyway.
    /// </summary>
    public bool Patches { get; init; } = true;

    /// <summary>What of folders is left out, and when a file counts as unchanged.</summary>
    public SourceOptions Sources { get; init; } = new();

    /// <summary>What was left out, for people: the snapshot says so. Default nothing.</summary>
    public IReadOnlyList<string> Excludes { get; init; } = [];

    /// <summary>True to read and count everything, and to write nothing, not even a lock.</summary>
    public bool DryRun { get; init; }

    /// <summary>True to write no snapshot when it would hold exactly what <see cref="Parent"/> does.</summary>
    public bool SkipIfUnchanged { get; init; }

    /// <summary>True to hash every stream as a whole as well, for <see cref="StoredStream.Sha256"/>. Default false: each block is hashed anyway.</summary>
    public bool HashStreams { get; init; }
}

/// <summary>A stream that was taken in.</summary>
/// <param name="Bytes">Its length.</param>
/// <param name="BytesNew">Bytes of it that the repository did not have.</param>
/// <param name="BytesStored">What those take, compressed and sealed.</param>
/// <param name="Sha256">SHA-256 of all of it in lower-case hexadecimal; null unless <see cref="SnapshotOptions.HashStreams"/>.</param>
public sealed record StoredStream(long Bytes, long BytesNew, long BytesStored, string? Sha256);

/// <summary>A snapshot that was written.</summary>
/// <param name="Id">Its id. Where none was written: the parent's when nothing had changed, all zero for a dry run.</param>
/// <param name="Statistics">What it came to.</param>
/// <param name="Skipped">Files that could not be read, one sentence each. Not empty means that the snapshot is incomplete.</param>
public sealed record CommittedSnapshot(ObjectId Id, BackupStatistics Statistics, IReadOnlyList<string> Skipped)
{
    /// <summary>False when nothing had changed, or for a dry run.</summary>
    public bool IsWritten { get; init; } = true;

    /// <summary>What else should be known, one sentence each.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];
}
