using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml;

namespace MedicineMan.Host.Plugins.Settings.Forms;

/// The formats of text a field can ask for: what is wrong with a value, and the one way in which it is stored.
internal static partial class FieldFormats
{
    private static readonly (int Smallest, int Largest)[] CronParts = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];

    public static IReadOnlyCollection<string> Names { get; } = ["secret", "uri", "cron", "duration", "path", "hostname"];

    /// What is expected instead; null when the text is right.
    public static string? Problem(string format, string text) => format switch
    {
        "uri" => Address(text),
        "cron" when !IsCron(text) => "must be a schedule of five parts such as 30 2 * * 1-5: minute, hour, day of the month, month, day of the week",
        "duration" when Duration(text) is null => "must be a length of time such as 90s, 15m, 2h or 1d",
        "path" when !IsPath(text) => "must be an absolute path such as /var/lib/example",
        "hostname" when Uri.CheckHostName(text) is UriHostNameType.Unknown or UriHostNameType.Basic => "must be a host name or an IP address, without scheme and port",
        _ => null,
    };

    /// A length of time is stored as hours, minutes and seconds, which a plugin reads as a TimeSpan.
    public static string Normal(string format, string text) =>
        format == "duration" && Duration(text) is { } time ? time.ToString("c", CultureInfo.InvariantCulture) : text;

    /// A stored value as a person types it: 00:15:00 is 15m. What has fractions of a second, or runs backwards, stays as it is stored.
    public static string Typed(string format, string text)
    {
        if (format != "duration" || Duration(text) is not { } time || time <= TimeSpan.Zero || time.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            return text;
        }

        (int Amount, char Unit)[] parts = [(time.Days, 'd'), (time.Hours, 'h'), (time.Minutes, 'm'), (time.Seconds, 's')];
        return string.Join(' ', parts.Where(part => part.Amount > 0).Select(part => $"{part.Amount}{part.Unit}"));
    }

    private static string? Address(string text) =>
        !SchemePattern().IsMatch(text) || !Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Host.Length == 0 ? "must be a whole address such as https://example.org/path"
        : address.UserInfo.Contains(':', StringComparison.Ordinal) ? "must not hold a password: there it would be stored and shown in plain"
        : null;

    private static bool IsPath(string text) =>
        text.StartsWith('/') && text.Length <= 4096 && !text.Any(char.IsControl) && !text.Split('/').Contains("..");

    private static TimeSpan? Duration(string text)
    {
        if (TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var time) && text.Contains(':', StringComparison.Ordinal))
        {
            return time;
        }

        if (text.StartsWith('P'))
        {
            try
            {
                return XmlConvert.ToTimeSpan(text);
            }
            catch (Exception wrong) when (wrong is FormatException or OverflowException)
            {
                return null;
            }
        }

        var parts = DurationPattern().Match(text);
        return parts.Success && text.Length > 0
            ? TimeSpan.FromDays(Amount(parts, "d")) + TimeSpan.FromHours(Amount(parts, "h")) + TimeSpan.FromMinutes(Amount(parts, "m")) + TimeSpan.FromSeconds(Amount(parts, "s"))
            : null;
    }

    private static int Amount(Match parts, string unit) => parts.Groups[unit] is { Success: true } amount ? int.Parse(amount.Value, CultureInfo.InvariantCulture) : 0;

    private static bool IsCron(string text)
    {
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return parts.Length == CronParts.Length && parts.Zip(CronParts).All(part => part.First.Split(',').All(item => IsCronItem(item, part.Second)));
    }

    private static bool IsCronItem(string item, (int Smallest, int Largest) range)
    {
        var match = CronPattern().Match(item);
        if (!match.Success)
        {
            return false;
        }

        var from = match.Groups["from"].Success ? Number(match, "from") : range.Smallest;
        var to = match.Groups["to"].Success ? Number(match, "to") : match.Groups["from"].Success ? from : range.Largest;
        return range.Smallest <= from && from <= to && to <= range.Largest && (!match.Groups["step"].Success || Number(match, "step") > 0);
    }

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9+.-]*://", RegexOptions.CultureInvariant)]
    private static partial Regex SchemePattern();

    [GeneratedRegex(@"^(?:(?<d>\d{1,4})d)? ?(?:(?<h>\d{1,5})h)? ?(?:(?<m>\d{1,6})m)? ?(?:(?<s>\d{1,7})s)?$", RegexOptions.CultureInvariant)]
    private static partial Regex DurationPattern();

    [GeneratedRegex(@"^(?:\*|(?<from>\d{1,2})(?:-(?<to>\d{1,2}))?)(?:/(?<step>\d{1,2}))?$", RegexOptions.CultureInvariant)]
    private static partial Regex CronPattern();
}
