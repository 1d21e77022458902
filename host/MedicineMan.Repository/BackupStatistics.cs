namespace MedicineMan.Repository;

/// <summary>How far a backup is, or what it came to.</summary>
public sealed record BackupStatistics
{
    /// <summary>Bytes of content taken in, those of unchanged files included.</summary>
    public long BytesRead { get; init; }

    /// <summary>Plain bytes that the repository did not have yet, folder listings included.</summary>
    public long BytesNew { get; init; }

    /// <summary>What those take in the repository, compressed and sealed.</summary>
    public long BytesStored { get; init; }

    /// <summary>Files and streams done.</summary>
    public long Files { get; init; }

    /// <summary>Files among them that were not read because the parent snapshot had them.</summary>
    public long FilesUnchanged { get; init; }

    /// <summary>Files among them that the parent snapshot had otherwise.</summary>
    public long FilesChanged { get; init; }

    /// <summary>Folders done.</summary>
    public long Folders { get; init; }

    /// <summary>New blobs of content.</summary>
    public long DataBlobs { get; init; }

    /// <summary>New folder listings.</summary>
    public long TreeBlobs { get; init; }
}
