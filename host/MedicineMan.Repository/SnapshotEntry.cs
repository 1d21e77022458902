using MedicineMan.Repository.Format;

namespace MedicineMan.Repository;

/// <summary>A snapshot in the list of them.</summary>
public sealed record SnapshotEntry
{
    /// <summary>Its id.</summary>
    public required ObjectId Id { get; init; }

    /// <summary>When the data was as it is stored.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Its root folder.</summary>
    public required ObjectId Tree { get; init; }

    /// <summary>The machine the data came from.</summary>
    public required string Host { get; init; }

    /// <summary>Who backed up.</summary>
    public required string UserName { get; init; }

    /// <summary>What was backed up.</summary>
    public required IReadOnlyList<string> Paths { get; init; }

    /// <summary>Its labels.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>The program that wrote it, when it said so.</summary>
    public string? Program { get; init; }

    /// <summary>Bytes of content, when the writer counted them.</summary>
    public long? TotalBytes { get; init; }

    /// <summary><see cref="Time"/> by the wall clock of whoever wrote it: the days and weeks of a retention rule are theirs.</summary>
    public required DateTimeOffset WrittenTime { get; init; }

    /// <summary>True when it has all these labels. An empty label stands for having none.</summary>
    public bool HasTags(IReadOnlyList<string> tags)
    {
        foreach (var tag in tags)
        {
            if (tag.Length == 0 && Tags.Count == 0)
            {
                return true;
            }

            if (!Tags.Contains(tag))
            {
                return false;
            }
        }

        return true;
    }

    internal static SnapshotEntry From(ObjectId id, SnapshotDocument document)
    {
        if (!ObjectId.TryParse(document.Tree, out var tree) || !UnixTime.TryParse(document.Time, out var time))
        {
            throw new DamagedException($"The snapshot {id.Prefix} names no folder or no time.");
        }

        return new SnapshotEntry
        {
            Id = id,
            Time = time.ToDateTimeOffset(),
            WrittenTime = time.ToDateTimeOffset().ToOffset(UnixTime.OffsetOf(document.Time)),
            Tree = tree,
            Host = document.Hostname ?? "",
            UserName = document.Username ?? "",
            Paths = document.Paths ?? [],
            Tags = document.Tags ?? [],
            Program = document.ProgramVersion,
            TotalBytes = document.Summary?.TotalBytesProcessed,
        };
    }
}

/// <summary>What stands at a place in a snapshot.</summary>
public sealed record SnapshotNode
{
    /// <summary>Its name. Bytes that are not UTF-8 stand as lone surrogates U+DC80 to U+DCFF.</summary>
    public required string Name { get; init; }

    /// <summary><c>file</c>, <c>dir</c>, <c>symlink</c>, <c>dev</c>, <c>chardev</c>, <c>fifo</c> or <c>socket</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Bytes; 0 for anything but a file.</summary>
    public required long Size { get; init; }

    /// <summary>When its content last changed.</summary>
    public required DateTimeOffset Modified { get; init; }

    /// <summary>Permission bits, with set-user-id, set-group-id and sticky.</summary>
    public required UnixFileMode Mode { get; init; }

    /// <summary>Owner's name, or number where it had none.</summary>
    public required string User { get; init; }

    /// <summary>Group's name, or number where it had none.</summary>
    public required string Group { get; init; }

    /// <summary>Where a symlink points.</summary>
    public string? LinkTarget { get; init; }

    /// <summary>True for a folder.</summary>
    public bool IsDirectory => Type is "dir";

    internal static SnapshotNode From(TreeNode node) => new()
    {
        Name = node.Name,
        Type = node.Type,
        Size = (long)node.Size,
        Modified = node.Modified.ToDateTimeOffset(),
        Mode = (UnixFileMode)GoMode.ToUnixPermissions(node.Mode),
        User = node.User ?? node.UserId.ToString(System.Globalization.CultureInfo.InvariantCulture),
        Group = node.Group ?? node.GroupId.ToString(System.Globalization.CultureInfo.InvariantCulture),
        LinkTarget = node.LinkTarget,
    };
}
