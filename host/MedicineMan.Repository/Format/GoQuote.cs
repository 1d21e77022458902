using System.Buffers;
using System.Globalization;
using System.Text;

namespace MedicineMan.Repository.Format;

/// <summary>
/// Names stand in trees as Go's <c>strconv.Quote</c> writes them, without the outer quotes. Writing must match to the letter, or equal folders
/// saved by other clients would not deduplicate.
/// </summary>
internal static class GoQuote
{
    // What stands for itself: nearly all names are of nothing else.
    private static readonly SearchValues<char> Plain =
        SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(code => (char)code).Except(['"', '\\'])]);

    public static string Quote(string name)
    {
        if (!name.AsSpan().ContainsAnyExcept(Plain))
        {
            return name;
        }

        var text = new StringBuilder(name.Length + 8);
        var bytes = FileName.Encode(name).AsSpan();
        Span<char> units = stackalloc char[2];
        while (bytes.Length > 0)
        {
            if (Rune.DecodeFromUtf8(bytes, out var rune, out var used) != OperationStatus.Done)
            {
                text.Append(CultureInfo.InvariantCulture, $"\\x{bytes[0]:x2}");
                bytes = bytes[1..];
                continue;
            }

            if (EscapeOf(rune.Value) is { } escape)
            {
                text.Append('\\').Append(escape);
            }
            else if (IsPrintable(rune))
            {
                text.Append(units[..rune.EncodeToUtf16(units)]);
            }
            else
            {
                AppendNumber(text, rune.Value);
            }

            bytes = bytes[used..];
        }

        return text.ToString();
    }

    /// <summary>Undoes the quoting.</summary>
    /// <returns>False when it is not a quoted name.</returns>
    public static bool TryUnquote(string quoted, out string name)
    {
        name = "";
        if (!quoted.Contains('\\', StringComparison.Ordinal))
        {
            name = quoted;
            return true;
        }

        var bytes = new ArrayBufferWriter<byte>(quoted.Length);
        for (var i = 0; i < quoted.Length;)
        {
            if (quoted[i] != '\\')
            {
                if (Rune.DecodeFromUtf16(quoted.AsSpan(i), out var rune, out var used) != OperationStatus.Done)
                {
                    return false;
                }

                bytes.Advance(rune.EncodeToUtf8(bytes.GetSpan(4)));
                i += used;
            }
            else if (!TryUnescape(quoted, ref i, bytes))
            {
                return false;
            }
        }

        name = FileName.Decode(bytes.WrittenSpan);
        return true;
    }

    private static char? EscapeOf(int rune) => rune switch
    {
        '"' => '"', '\\' => '\\', 7 => 'a', 8 => 'b', 12 => 'f', '\n' => 'n', '\r' => 'r', '\t' => 't', 11 => 'v', _ => null,
    };

    // Go's IsPrint: letters, marks, numbers, punctuation and symbols, and of the spaces only U+0020.
    private static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is
        <= UnicodeCategory.OtherNumber or (>= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherSymbol);

    private static void AppendNumber(StringBuilder text, int rune) => text.Append(
        rune is < ' ' or 0x7f ? $"\\x{rune:x2}" : rune < 0x10000 ? $"\\u{rune:x4}" : $"\\U{rune:x8}");

    private static bool TryUnescape(string quoted, ref int at, ArrayBufferWriter<byte> bytes)
    {
        if (at + 1 >= quoted.Length)
        {
            return false;
        }

        var kind = quoted[at + 1];
        at += 2;
        var simple = kind switch
        {
            'a' => 7, 'b' => 8, 'f' => 12, 'n' => '\n', 'r' => '\r', 't' => '\t', 'v' => 11, '\\' => '\\', '"' => '"', _ => -1,
        };
        if (simple >= 0)
        {
            bytes.Write([(byte)simple]);
            return true;
        }

        var octal = kind is >= '0' and <= '7';
        var digits = kind switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => octal ? 3 : 0 };
        var from = octal ? at - 1 : at;
        if (digits == 0 || from + digits > quoted.Length || !TryNumber(quoted.AsSpan(from, digits), octal ? 8 : 16, out var value))
        {
            return false;
        }

        at = from + digits;
        if (octal || kind is 'x')
        {
            bytes.Write([(byte)value]);
            return value <= 0xFF;
        }

        if (!Rune.IsValid(value))
        {
            return false;
        }

        bytes.Advance(new Rune(value).EncodeToUtf8(bytes.GetSpan(4)));
        return true;
    }

    private static bool TryNumber(ReadOnlySpan<char> digits, int radix, out uint value)
    {
        value = 0;
        foreach (var digit in digits)
        {
            if (!char.IsAsciiHexDigit(digit) || Convert.ToInt32(digit.ToString(), 16) is var number && number >= radix)
            {
                return false;
            }

            value = value * (uint)radix + (uint)Convert.ToInt32(digit.ToString(), 16);
        }

        return true;
    }
}
