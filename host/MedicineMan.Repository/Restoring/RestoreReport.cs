namespace MedicineMan.Repository.Restoring;

/// <summary>What a restore did.</summary>
/// <param name="Files">Files restored.</param>
/// <param name="Bytes">Bytes written to them.</param>
/// <param name="Problems">What could not be restored, one sentence each; everything else was.</param>
public sealed record RestoreReport(long Files, long Bytes, IReadOnlyList<string> Problems)
{
    /// <summary>Files that were right already.</summary>
    public long Unchanged { get; init; }

    /// <summary>Files that were left because they are as new as the snapshot's, as asked.</summary>
    public long Kept { get; init; }

    /// <summary>Entries removed because the snapshot has none of their name.</summary>
    public long Removed { get; init; }
}

/// <summary>How far a restore is.</summary>
/// <param name="Files">Files dealt with.</param>
/// <param name="Bytes">Bytes of their content dealt with.</param>
/// <param name="TotalFiles">Files there are; 0 while they are counted.</param>
/// <param name="TotalBytes">Bytes in all of them; 0 while they are counted.</param>
public readonly record struct RestoreProgress(long Files, long Bytes, long TotalFiles, long TotalBytes);

/// <summary>What was done, or in a dry run would be done, to one entry.</summary>
/// <param name="Action">What.</param>
/// <param name="Path">Where, on this machine.</param>
/// <param name="Size">Bytes of a file.</param>
public sealed record RestoredEntry(RestoreAction Action, string Path, long Size);

/// <summary>What a restore does to an entry.</summary>
public enum RestoreAction
{
    /// <summary>It was not there.</summary>
    Restored,

    /// <summary>It was there and not as in the snapshot.</summary>
    Updated,

    /// <summary>It was right already.</summary>
    Unchanged,

    /// <summary>It was left because it is as new as the snapshot's.</summary>
    Kept,

    /// <summary>It was removed because the snapshot has none.</summary>
    Removed,
}
