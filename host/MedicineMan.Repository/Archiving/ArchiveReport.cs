namespace MedicineMan.Repository.Archiving;

/// <summary>A form in which a folder goes out as one file.</summary>
public enum ArchiveFormat
{
    /// <summary>The POSIX form of tar: all that a backup keeps of files, but for sockets. Its length is known beforehand, and any stretch of it can be had.</summary>
    Tar,

    /// <summary>Zip, compressed: files, folders and links with modes and times, names in UTF-8, of any size and number.</summary>
    Zip,
}

/// <summary>What was put into an archive.</summary>
/// <param name="Bytes">Bytes written.</param>
/// <param name="Problems">What is not in it, one sentence each.</param>
public sealed record ArchiveReport(long Bytes, IReadOnlyList<string> Problems);
