namespace MedicineMan.Repository.Format;

/// <summary>One entry of a tree, as the repository format has it.</summary>
internal sealed record TreeNode
{
    public required string Name { get; init; }

    /// <summary><c>file</c>, <c>dir</c>, <c>symlink</c>, <c>dev</c>, <c>chardev</c>, <c>fifo</c> or <c>socket</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Permissions and kind in Go's bit order, see <see cref="GoMode"/>.</summary>
    public uint Mode { get; init; }

    public UnixTime Modified { get; init; }

    public UnixTime Accessed { get; init; }

    public UnixTime Changed { get; init; }

    public uint UserId { get; init; }

    public uint GroupId { get; init; }

    public string? User { get; init; }

    public string? Group { get; init; }

    public ulong Inode { get; init; }

    public ulong DeviceId { get; init; }

    public ulong Size { get; init; }

    public ulong Links { get; init; }

    public string? LinkTarget { get; init; }

    /// <summary>Null when there are none.</summary>
    public IReadOnlyList<ExtendedAttribute>? Attributes { get; init; }

    public ulong Device { get; init; }

    /// <summary>The blobs of a file in order; null for anything else.</summary>
    public IReadOnlyList<ObjectId>? Content { get; init; }

    public ObjectId? Subtree { get; init; }
}

/// <summary>A named value that the file system keeps with an entry.</summary>
internal sealed record ExtendedAttribute(string Name, byte[] Value);

/// <summary>Go keeps kind and permission bits in other places than Unix does.</summary>
internal static class GoMode
{
    public const uint Directory = 1u << 31;
    public const uint Symlink = 1u << 27;
    public const uint Device = 1u << 26;
    public const uint NamedPipe = 1u << 25;
    public const uint Socket = 1u << 24;
    public const uint SetUserId = 1u << 23;
    public const uint SetGroupId = 1u << 22;
    public const uint CharacterDevice = 1u << 21;
    public const uint Sticky = 1u << 20;
    public const uint Permissions = 0x1FF;

    /// <summary>The type's name and Go's mode for a Unix mode.</summary>
    public static (string Type, uint Mode) FromUnix(uint mode)
    {
        var (type, kind) = (mode & 0xF000) switch
        {
            0x4000 => ("dir", Directory),
            0xA000 => ("symlink", Symlink),
            0x6000 => ("dev", Device),
            0x2000 => ("chardev", Device | CharacterDevice),
            0x1000 => ("fifo", NamedPipe),
            0xC000 => ("socket", Socket),
            _ => ("file", 0u),
        };
        return (type, kind | (mode & Permissions)
            | ((mode & 0x800) != 0 ? SetUserId : 0) | ((mode & 0x400) != 0 ? SetGroupId : 0) | ((mode & 0x200) != 0 ? Sticky : 0));
    }

    /// <summary>Permission bits with set-user-id, set-group-id and sticky, as chmod takes them.</summary>
    public static uint ToUnixPermissions(uint mode) => (mode & Permissions)
        | ((mode & SetUserId) != 0 ? 0x800u : 0) | ((mode & SetGroupId) != 0 ? 0x400u : 0) | ((mode & Sticky) != 0 ? 0x200u : 0);
}
