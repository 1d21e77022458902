using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace MedicineMan.Host.Servers.Commands;

/// Turns what a server printed into text that is safe to store and show: no escape sequences, no control or invisible direction characters.
internal static partial class PlainText
{
    public static string From(ReadOnlySpan<byte> bytes) => From(Encoding.UTF8.GetString(bytes));

    public static string From(string text)
    {
        var plain = EscapeSequence().Replace(text, "");
        return plain.Any(Unwanted) ? string.Concat(plain.Where(c => !Unwanted(c))) : plain;
    }

    private static bool Unwanted(char c) =>
        (char.IsControl(c) && c is not ('\n' or '\t')) || (char.GetUnicodeCategory(c) == UnicodeCategory.Format && c is not ('\u200c' or '\u200d'));

    [GeneratedRegex(@"\u001b(\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(\u0007|\u001b\\)|[@-Z\\^_])")]
    private static partial Regex EscapeSequence();
}
