using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace MedicineMan.Jobs.Enqueueing;

/// Rows in the binary form of PostgreSQL's COPY, many at once: value by value, the driver takes as long to write them as the server to store them.
internal static class CopyContent
{
    private const int RowsAtOnce = 64;
    private const int UsualRow = 512;

    // Signature, no flags, no extension.
    private static readonly byte[] Header = [.. "PGCOPY\n"u8, 0xff, .. "\r\n\0"u8, 0, 0, 0, 0, 0, 0, 0, 0];

    // A broken surrogate is refused here, as by the driver.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <param name="rows">The values of each row: text, int for integer, long for bigint, null.</param>
    /// <returns>The content piece by piece, each good until the next is asked for: the server stores one while the next is made.</returns>
    public static IEnumerable<ReadOnlyMemory<byte>> Of(IEnumerable<object?[]> rows)
    {
        var content = new ArrayBufferWriter<byte>(RowsAtOnce * UsualRow);
        content.Write(Header);
        foreach (var some in rows.Chunk(RowsAtOnce))
        {
            foreach (var row in some)
            {
                WriteShort(content, (short)row.Length);
                foreach (var value in row)
                {
                    Write(content, value);
                }
            }

            yield return content.WrittenMemory;
            content.ResetWrittenCount();
        }

        WriteShort(content, -1);
        yield return content.WrittenMemory;
    }

    private static void WriteShort(ArrayBufferWriter<byte> content, short number)
    {
        BinaryPrimitives.WriteInt16BigEndian(content.GetSpan(sizeof(short)), number);
        content.Advance(sizeof(short));
    }

    private static void Write(ArrayBufferWriter<byte> content, object? value)
    {
        var span = content.GetSpan(sizeof(int) + (value is string some ? Utf8.GetMaxByteCount(some.Length) : sizeof(long)));
        var size = -1;
        switch (value)
        {
            case null:
                break;
            case string text:
                size = Utf8.GetBytes(text, span[sizeof(int)..]);
                break;
            case int number:
                BinaryPrimitives.WriteInt32BigEndian(span[sizeof(int)..], number);
                size = sizeof(int);
                break;
            default:
                BinaryPrimitives.WriteInt64BigEndian(span[sizeof(int)..], (long)value);
                size = sizeof(long);
                break;
        }

        BinaryPrimitives.WriteInt32BigEndian(span, size);
        content.Advance(sizeof(int) + Math.Max(0, size));
    }
}
