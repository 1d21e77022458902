using System.Buffers;
using System.Text;

namespace MedicineMan.Repository.Format;

/// <summary>
/// File names are bytes. In strings, each byte that is not part of valid UTF-8 stands as the lone surrogate U+DC00 + byte, so that every name
/// survives the way through a string and back.
/// </summary>
internal static class FileName
{
    private const int StrayByte = 0xDC00;

    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        // Nearly all names are.
        if (System.Text.Unicode.Utf8.IsValid(bytes))
        {
            return Encoding.UTF8.GetString(bytes);
        }

        var text = new StringBuilder(bytes.Length);
        Span<char> units = stackalloc char[2];
        while (bytes.Length > 0)
        {
            if (Rune.DecodeFromUtf8(bytes, out var rune, out var used) == OperationStatus.Done)
            {
                text.Append(units[..rune.EncodeToUtf16(units)]);
                bytes = bytes[used..];
            }
            else
            {
                text.Append((char)(StrayByte + bytes[0]));
                bytes = bytes[1..];
            }
        }

        return text.ToString();
    }

    public static byte[] Encode(string name)
    {
        if (name.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
        {
            return Encoding.UTF8.GetBytes(name);
        }

        var bytes = new ArrayBufferWriter<byte>(name.Length + 8);
        var rest = name.AsSpan();
        while (rest.Length > 0)
        {
            if (Rune.DecodeFromUtf16(rest, out var rune, out var used) == OperationStatus.Done)
            {
                bytes.Advance(rune.EncodeToUtf8(bytes.GetSpan(4)));
                rest = rest[used..];
            }
            else if (rest[0] is >= (char)(StrayByte + 0x80) and <= (char)(StrayByte + 0xFF))
            {
                bytes.Write([(byte)(rest[0] - StrayByte)]);
                rest = rest[1..];
            }
            else
            {
                throw new ArgumentException("A name holds half of a character, which no file name can.", nameof(name));
            }
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>As people and JSON can have it: what is no letter is U+FFFD. No way leads back.</summary>
    public static string Readable(string name) => name.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0 ? name : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(name));

    /// <summary>Orders as the bytes do, which is the order of nodes in a tree.</summary>
    public static int Compare(string left, string right) =>
        // Without surrogates, letters stand in one order in both encodings.
        left.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0 && right.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0
            ? string.CompareOrdinal(left, right)
            : Encode(left).AsSpan().SequenceCompareTo(Encode(right));

    /// <summary>True for a name that stands for exactly one entry of a folder. Anything else in a tree is an attack or damage.</summary>
    public static bool IsPlain(string name) =>
        name.Length > 0 && name is not ("." or "..") && !name.AsSpan().ContainsAny('/', '\0');
}
