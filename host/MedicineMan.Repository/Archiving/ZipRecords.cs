using System.Buffers;
using System.Buffers.Binary;
using System.Text.Unicode;
using MedicineMan.Repository.Format;

namespace MedicineMan.Repository.Archiving;

/// <summary>The records of a zip archive, as PKWARE's APPNOTE has them: 64-bit sizes and places where 32 bits do not do.</summary>
internal static class ZipRecords
{
    /// <summary>From here on sizes take 64 bits. Less than 32 could hold, since what does not compress grows a little.</summary>
    public const long Large = 0xFFFF_0000;

    private const uint Full = uint.MaxValue;
    private const ushort Deflated = 8;
    private const ushort SizesFollow = 0x8;
    private const ushort NamesAreUtf8 = 0x800;
    private const ushort Version = 45;
    private const ushort MadeOnUnix = 3 << 8;

    /// <summary>What stands before an entry's content.</summary>
    public static byte[] Local(byte[] name, TreeNode node, bool isLarge)
    {
        var record = new Record();
        record.Add(0x04034b50u);
        AddFacts(record, name, node, 0, isLarge ? Full : 0, isLarge ? Full : 0);
        var extra = new Record();
        if (isLarge)
        {
            extra.Add((ushort)1).Add((ushort)16).Add(0UL).Add(0UL);
        }

        AddExtra(extra, node);
        return record.Add((ushort)extra.Length).Add(name).Add(extra.Bytes).Bytes.ToArray();
    }

    /// <summary>What stands behind it, when sizes and checksum are known.</summary>
    public static byte[] Behind(ZipContent content, bool isLarge)
    {
        var record = new Record().Add(0x08074b50u).Add(content.Checksum);
        return (isLarge ? record.Add((ulong)content.Compressed).Add((ulong)content.Length) : record.Add((uint)content.Compressed).Add((uint)content.Length)).Bytes.ToArray();
    }

    /// <summary>The entry's line in the list at the end.</summary>
    public static byte[] Central(byte[] name, TreeNode node, ZipContent content, long place)
    {
        var isLarge = content.Length >= Large || content.Compressed >= Large;
        var isFar = place >= Full;
        var record = new Record();
        record.Add(0x02014b50u).Add((ushort)(MadeOnUnix | Version));
        AddFacts(record, name, node, content.Checksum, isLarge ? Full : (uint)content.Compressed, isLarge ? Full : (uint)content.Length);
        var extra = new Record();
        if (isLarge || isFar)
        {
            extra.Add((ushort)1).Add((ushort)((isLarge ? 16 : 0) + (isFar ? 8 : 0)));
            _ = isLarge ? extra.Add((ulong)content.Length).Add((ulong)content.Compressed) : extra;
            _ = isFar ? extra.Add((ulong)place) : extra;
        }

        AddExtra(extra, node);
        var kind = node.Type switch { "dir" => 0x4000u, "symlink" => 0xA000u, _ => 0x8000u };
        var attributes = ((kind | GoMode.ToUnixPermissions(node.Mode)) << 16) | (node.Type is "dir" ? 0x10u : 0);
        return record.Add((ushort)extra.Length).Add((ushort)0).Add((ushort)0).Add((ushort)0).Add(attributes).Add(isFar ? Full : (uint)place).Add(name).Add(extra.Bytes).Bytes.ToArray();
    }

    /// <summary>What ends the archive.</summary>
    /// <param name="entries">How many there are.</param>
    /// <param name="start">Where their list starts.</param>
    /// <param name="end">Where it ends.</param>
    public static byte[] End(long entries, long start, long end)
    {
        var record = new Record();
        record.Add(0x06064b50u).Add(44UL).Add((ushort)(MadeOnUnix | Version)).Add(Version).Add(0u).Add(0u).Add((ulong)entries).Add((ulong)entries).Add((ulong)(end - start)).Add((ulong)start);
        record.Add(0x07064b50u).Add(0u).Add((ulong)end).Add(1u);
        var few = (ushort)Math.Min(entries, ushort.MaxValue);
        return record.Add(0x06054b50u).Add((ushort)0).Add((ushort)0).Add(few).Add(few).Add((uint)Math.Min(end - start, Full)).Add((uint)Math.Min(start, Full)).Add((ushort)0).Bytes.ToArray();
    }

    private static void AddFacts(Record record, byte[] name, TreeNode node, uint checksum, uint compressed, uint length)
    {
        var flags = SizesFollow | (Utf8.IsValid(name) ? NamesAreUtf8 : 0);
        var (date, time) = DosTime(node.Modified.ToDateTimeOffset());
        record.Add(Version).Add((ushort)flags).Add(Deflated).Add(time).Add(date).Add(checksum).Add(compressed).Add(length).Add((ushort)name.Length);
    }

    // Time to the second and owners by number; the old field knows only every other second since 1980.
    private static void AddExtra(Record extra, TreeNode node)
    {
        extra.Add((ushort)0x5455).Add((ushort)5).Add((byte)1).Add((uint)Math.Clamp(node.Modified.Seconds, int.MinValue, int.MaxValue));
        extra.Add((ushort)0x7875).Add((ushort)11).Add((byte)1).Add((byte)4).Add(node.UserId).Add((byte)4).Add(node.GroupId);
    }

    private static (ushort Date, ushort Time) DosTime(DateTimeOffset time)
    {
        var year = Math.Clamp(time.Year, 1980, 2107);
        return ((ushort)(((year - 1980) << 9) | (time.Month << 5) | time.Day), (ushort)((time.Hour << 11) | (time.Minute << 5) | (time.Second / 2)));
    }

    private sealed class Record
    {
        private readonly ArrayBufferWriter<byte> bytes = new(128);

        public int Length => bytes.WrittenCount;

        public ReadOnlySpan<byte> Bytes => bytes.WrittenSpan;

        public Record Add(byte value) => Add([value]);

        public Record Add(ushort value)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.GetSpan(2), value);
            bytes.Advance(2);
            return this;
        }

        public Record Add(uint value)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.GetSpan(4), value);
            bytes.Advance(4);
            return this;
        }

        public Record Add(ulong value)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.GetSpan(8), value);
            bytes.Advance(8);
            return this;
        }

        public Record Add(ReadOnlySpan<byte> value)
        {
            bytes.Write(value);
            return this;
        }
    }
}

/// <summary>What an entry's content came to.</summary>
internal readonly record struct ZipContent(uint Checksum, long Compressed, long Length);
