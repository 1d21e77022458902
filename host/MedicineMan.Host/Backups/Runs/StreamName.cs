using System.Text;

namespace MedicineMan.Host.Backups.Runs;

/// Names of data stores as file names: a slash or a control character, and what would be a folder's own name, is written as %XX, so that any name
/// can be stored, told apart, and restored by stock restic.
internal static class StreamName
{
    public static IReadOnlyList<string> Path(IReadOnlyList<string> segments) => [.. segments.Select(Escape)];

    private static string Escape(string segment)
    {
        var name = new StringBuilder(segment.Length);
        foreach (var c in segment)
        {
            if (c is '/' or '%' or < ' ' or '\u007f')
            {
                name.Append('%').Append(((int)c).ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
            }
            else
            {
                name.Append(c);
            }
        }

        return name.ToString() switch
        {
            "" => "%",
            "." => "%2E",
            ".." => "%2E%2E",
            var all => all,
        };
    }
}
