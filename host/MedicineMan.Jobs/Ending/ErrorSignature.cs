using System.Text.RegularExpressions;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Ending;

/// What errors of one kind have in common: the first line, without the names, numbers and addresses that differ from job to job.
internal static partial class ErrorSignature
{
    private const int MostLength = 200;

    public static string Of(string message)
    {
        var end = message.IndexOfAny(['\r', '\n']);
        var line = end < 0 ? message : message[..end];
        return JobText.Clean(Varying().Replace(line.Length > 2000 ? line[..2000] : line, "…"), MostLength);
    }

    // Quoted words, paths and URLs, host names and addresses with digits, and everything else with a digit in it.
    [GeneratedRegex("""'[^']*'|"[^"]*"|“[^”]*”|\S*/\S*|\S*\d\S*""", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Varying();
}
