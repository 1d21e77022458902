using System.Text.RegularExpressions;

namespace MedicineMan.Jobs.Enqueueing;

/// What a queue may be called; the name stands in lanes and on command lines.
public static partial class QueueName
{
    public const string Rule = "lower case letters, digits, dots and dashes, at most 40.";

    public static bool IsOne(string name) => Pattern().IsMatch(name);

    [GeneratedRegex("^[a-z0-9][a-z0-9.-]{0,39}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
