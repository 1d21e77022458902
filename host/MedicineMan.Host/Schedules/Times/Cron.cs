using System.Globalization;
using System.Text.RegularExpressions;
using Cronos;

namespace MedicineMan.Host.Schedules.Times;

/// When something of a plugin is due: five fields for minute, hour, day, month and weekday (0 is Sunday), in UTC; all of them must fit. Each is *, */n, a
/// number, a range or a list of those: what the manifest allows is less than what the library reads, so that it means the same wherever a plugin runs.
internal sealed partial class Cron(string fields)
{
    private static readonly (int Least, int Most)[] Bounds = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];

    private readonly CronExpression expression = CronExpression.Parse(fields);

    public static bool IsValid(string fields) =>
        fields.Split(' ') is { Length: 5 } five && five.Zip(Bounds).All(field => field.First.Split(',').All(part => Holds(part, field.Second)));

    public bool IsDue(DateTimeOffset minute) => expression.GetNextOccurrence(minute.UtcDateTime, inclusive: true) == minute.UtcDateTime;

    /// The first minute after this moment that is due; null when none is any more.
    public DateTimeOffset? Next(DateTimeOffset after) => expression.GetNextOccurrence(after.UtcDateTime) is { } next ? new DateTimeOffset(next, TimeSpan.Zero) : null;

    private static bool Holds(string part, (int Least, int Most) bounds)
    {
        if (Part().Match(part) is not { Success: true } match)
        {
            return false;
        }

        var (step, from, to) = (Number(match.Groups["step"]), Number(match.Groups["from"]), Number(match.Groups["to"]));
        return step is null or > 0 && (step is null || step <= bounds.Most)
            && (from is null || (from >= bounds.Least && from <= bounds.Most))
            && (to is null || (to >= from && to <= bounds.Most));
    }

    private static int? Number(Group group) => group.Success ? int.Parse(group.Value, CultureInfo.InvariantCulture) : null;

    [GeneratedRegex(@"^(\*(/(?<step>\d{1,2}))?|(?<from>\d{1,2})(-(?<to>\d{1,2}))?)$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Part();
}
