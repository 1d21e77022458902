using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using MedicineMan.Repository.Format;

namespace MedicineMan.Repository.Archiving;

/// <summary>
/// The header of one entry in POSIX's tar (pax): what does not fit into the old fields, or would lose by it, stands in records before them. Names are
/// the bytes they are; attributes stand where GNU tar, bsdtar and star look for them.
/// </summary>
internal static class TarHeader
{
    public const int Block = 512;

    private const long LargestOctal = (1L << 33) - 1;
    private const long LargestId = (1L << 21) - 1;
    private const int NameSize = 100;
    private const int OwnerSize = 31;

    /// <summary>Length on the tape: whole blocks.</summary>
    public static long Padded(long length) => (length + Block - 1) / Block * Block;

    /// <param name="path">From the archive's root, without a slash at its start.</param>
    /// <param name="node">The entry.</param>
    /// <param name="size">Bytes that follow.</param>
    /// <param name="linkTo">The path of a file in the archive that this is another name of; null for anything else.</param>
    public static byte[] Of(string path, TreeNode node, long size, string? linkTo)
    {
        var name = FileName.Encode(node.Type is "dir" ? path + "/" : path);
        var target = FileName.Encode(linkTo ?? node.LinkTarget ?? "");
        var records = new ArrayBufferWriter<byte>();
        AddText(records, "path"u8, name, NameSize);
        AddText(records, "linkpath"u8, target, NameSize);
        AddNumber(records, "size"u8, size, LargestOctal);
        AddNumber(records, "uid"u8, node.UserId, LargestId);
        AddNumber(records, "gid"u8, node.GroupId, LargestId);
        AddText(records, "uname"u8, FileName.Encode(node.User ?? ""), OwnerSize);
        AddText(records, "gname"u8, FileName.Encode(node.Group ?? ""), OwnerSize);
        AddTime(records, "mtime"u8, node.Modified);
        AddTime(records, "atime"u8, node.Accessed);
        AddTime(records, "ctime"u8, node.Changed);
        foreach (var attribute in node.Attributes ?? [])
        {
            // An equals sign would end the name.
            var key = attribute.Name.Replace("%", "%25", StringComparison.Ordinal).Replace("=", "%3D", StringComparison.Ordinal);
            Add(records, FileName.Encode("SCHILY.xattr." + key), attribute.Value);
        }

        var extra = records.WrittenCount == 0 ? 0 : Block + (int)Padded(records.WrittenCount);
        var header = new byte[extra + Block];
        if (extra > 0)
        {
            var file = node with { Type = "file", UserId = 0, GroupId = 0, User = null, Group = null, Mode = 0x1A4 };
            Fill(header.AsSpan(0, Block), "PaxHeaders/"u8, 'x', file, records.WrittenCount, []);
            records.WrittenSpan.CopyTo(header.AsSpan(Block));
        }

        Fill(header.AsSpan(extra), name, Kind(node, linkTo), node, size, target);
        return header;
    }

    private static char Kind(TreeNode node, string? linkTo) => node.Type switch
    {
        "dir" => '5',
        "symlink" => '2',
        "chardev" => '3',
        "dev" => '4',
        "fifo" => '6',
        _ => linkTo is null ? '0' : '1',
    };

    private static void Fill(Span<byte> header, ReadOnlySpan<byte> name, char kind, TreeNode node, long size, ReadOnlySpan<byte> target)
    {
        name[..Math.Min(name.Length, NameSize)].CopyTo(header);
        Octal(header[100..108], GoMode.ToUnixPermissions(node.Mode));
        Octal(header[108..116], node.UserId > LargestId ? 0 : node.UserId);
        Octal(header[116..124], node.GroupId > LargestId ? 0 : node.GroupId);
        Octal(header[124..136], size > LargestOctal ? 0 : size);
        Octal(header[136..148], Math.Clamp(node.Modified.Seconds, 0, LargestOctal));
        header[156] = (byte)kind;
        target[..Math.Min(target.Length, NameSize)].CopyTo(header[157..]);
        "ustar\0"u8.CopyTo(header[257..]);
        "00"u8.CopyTo(header[263..]);
        Short(node.User).CopyTo(header[265..]);
        Short(node.Group).CopyTo(header[297..]);
        if (kind is '3' or '4')
        {
            // As the C library packs the two numbers into one.
            Octal(header[329..337], (long)(((node.Device >> 8) & 0xfff) | ((node.Device >> 32) & 0xfffff000)));
            Octal(header[337..345], (long)((node.Device & 0xff) | ((node.Device >> 12) & 0xffffff00)));
        }

        // The sum is taken as if its own field were blank.
        header[148..156].Fill((byte)' ');
        var sum = 0;
        foreach (var value in header)
        {
            sum += value;
        }

        Octal(header[148..155], sum);
    }

    private static byte[] Short(string? owner) => owner is null ? [] : FileName.Encode(owner) is { Length: <= OwnerSize } bytes ? bytes : [];

    // Digits to the last place but one, which stays zero.
    private static void Octal(Span<byte> field, long value)
    {
        for (var i = field.Length - 2; i >= 0; i--, value >>= 3)
        {
            field[i] = (byte)('0' + (value & 7));
        }
    }

    // What is not UTF-8 has no place in a record, as long as it fits into the old field.
    private static void AddText(ArrayBufferWriter<byte> records, ReadOnlySpan<byte> key, byte[] value, int room)
    {
        if (value.Length > room || (!Ascii.IsValid(value) && Utf8.IsValid(value)))
        {
            Add(records, key, value);
        }
    }

    private static void AddNumber(ArrayBufferWriter<byte> records, ReadOnlySpan<byte> key, long value, long largest)
    {
        if (value > largest)
        {
            Add(records, key, Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture)));
        }
    }

    private static void AddTime(ArrayBufferWriter<byte> records, ReadOnlySpan<byte> key, UnixTime time)
    {
        if (time == default || (key.SequenceEqual("mtime"u8) && time.Nanoseconds == 0 && time.Seconds is >= 0 and <= LargestOctal))
        {
            return;
        }

        // Before 1970 the fraction counts the other way.
        var isNegative = time.Seconds < 0 && time.Nanoseconds > 0;
        var seconds = isNegative ? time.Seconds + 1 : time.Seconds;
        var fraction = isNegative ? 1_000_000_000 - time.Nanoseconds : time.Nanoseconds;
        var sign = isNegative && seconds == 0 ? "-" : "";
        Add(records, key, Encoding.ASCII.GetBytes(
            fraction == 0 ? seconds.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{sign}{seconds}.{fraction:D9}").TrimEnd('0')));
    }

    // A record starts with its own length, the digits of that included.
    private static void Add(ArrayBufferWriter<byte> records, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var rest = key.Length + value.Length + 3;
        var length = rest + 1;
        while (length != rest + Digits(length))
        {
            length = rest + Digits(length);
        }

        records.Write(Encoding.ASCII.GetBytes(length.ToString(CultureInfo.InvariantCulture)));
        records.Write(" "u8);
        records.Write(key);
        records.Write("="u8);
        records.Write(value);
        records.Write("\n"u8);
    }

    private static int Digits(int number) => number.ToString(CultureInfo.InvariantCulture).Length;
}
