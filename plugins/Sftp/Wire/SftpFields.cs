using System.Buffers.Binary;
using System.Text;

namespace MedicineMan.Plugins.Sftp.Wire;

/// <summary>Reads the fields of an answer. What a server sends is held against its length at each step.</summary>
internal ref struct SftpFields(ReadOnlySpan<byte> left)
{
    private ReadOnlySpan<byte> left = left;

    public readonly bool AtEnd => left.IsEmpty;

    public uint Number() => BinaryPrimitives.ReadUInt32BigEndian(Take(sizeof(uint)));

    public long Long() => BinaryPrimitives.ReadInt64BigEndian(Take(sizeof(long)));

    public ReadOnlySpan<byte> Bytes() => Take(Number());

    public readonly ReadOnlySpan<byte> Rest() => left;

    public string Text() => Encoding.UTF8.GetString(Bytes());

    public SftpAttributes Attributes()
    {
        var flags = Number();
        var size = (flags & 1) != 0 ? Long() : 0;
        if ((flags & 2) != 0)
        {
            Long();
        }

        uint? mode = (flags & 4) != 0 ? Number() : null;
        uint changed = 0;
        if ((flags & 8) != 0)
        {
            Number();
            changed = Number();
        }

        for (var more = (flags & 0x80000000) != 0 ? Number() : 0; more > 0; more--)
        {
            Bytes();
            Bytes();
        }

        return new SftpAttributes(size, mode, DateTimeOffset.FromUnixTimeSeconds(changed));
    }

    private ReadOnlySpan<byte> Take(uint count)
    {
        if (count > left.Length)
        {
            throw new SftpLostException("The server sent an answer that is shorter than it says.");
        }

        var taken = left[..(int)count];
        left = left[(int)count..];
        return taken;
    }
}

/// <param name="Mode">Kind of file and permissions as in <c>st_mode</c>; null when the server keeps it to itself.</param>
internal readonly record struct SftpAttributes(long Size, uint? Mode, DateTimeOffset Modified)
{
    private const uint Kind = 0xF000;

    public bool IsFile => (Mode & Kind) == 0x8000;

    public bool IsFolder => (Mode & Kind) == 0x4000;
}

internal readonly record struct SftpEntry(string Name, SftpAttributes Attributes);
