using MedicineMan.Repository.Retention;

namespace MedicineMan.Repository.Copying;

/// <summary>What to copy into another repository.</summary>
public sealed record CopyOptions
{
    /// <summary>Ids, starts of ids or <c>latest</c>. Default empty: all that the filter leaves.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Snapshots that are meant when none is named.</summary>
    public SnapshotFilter Filter { get; init; } = new();

    /// <summary>True to say which snapshots would be copied, and copy nothing.</summary>
    public bool DryRun { get; init; }
}

/// <summary>What was copied.</summary>
/// <param name="Copied">Each snapshot with its id in the target; in a dry run with none.</param>
/// <param name="AlreadyThere">Snapshots the target had.</param>
/// <param name="Blobs">Blobs read and stored: those that the target did not have.</param>
/// <param name="Bytes">Their stored bytes.</param>
public sealed record CopyReport(IReadOnlyList<CopiedSnapshot> Copied, IReadOnlyList<SnapshotEntry> AlreadyThere, long Blobs, long Bytes);

/// <summary>A snapshot that was copied.</summary>
/// <param name="Source">It.</param>
/// <param name="Copy">Its id in the target.</param>
public sealed record CopiedSnapshot(SnapshotEntry Source, ObjectId? Copy);
