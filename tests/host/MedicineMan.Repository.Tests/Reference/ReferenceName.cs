using System.Globalization;
using System.Text;

namespace MedicineMan.Repository.Tests.Reference;

/// <summary>The bytes of a file name out of what Go's strconv.Quote made of them.</summary>
internal static class ReferenceName
{
    public static byte[] Unquote(string quoted)
    {
        var bytes = new List<byte>();
        for (var i = 0; i < quoted.Length; i++)
        {
            if (quoted[i] != '\\')
            {
                var pair = char.IsHighSurrogate(quoted[i]) ? 2 : 1;
                bytes.AddRange(Encoding.UTF8.GetBytes(quoted.Substring(i, pair)));
                i += pair - 1;
                continue;
            }

            var kind = quoted[++i];
            var digits = kind switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
            if (digits == 0)
            {
                var at = "abfnrtv\\\"".IndexOf(kind, StringComparison.Ordinal);
                bytes.Add((byte)"\a\b\f\n\r\t\v\\\""[at]);
                continue;
            }

            var number = int.Parse(quoted.AsSpan(i + 1, digits), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            bytes.AddRange(kind == 'x' ? [(byte)number] : Encoding.UTF8.GetBytes(char.ConvertFromUtf32(number)));
            i += digits;
        }

        return [.. bytes];
    }
}
