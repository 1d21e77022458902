using System.Globalization;
using System.Text.RegularExpressions;

namespace MedicineMan.Host.Schedules.Times;

/// Times of the week in which nothing is started, one a line: <c>08:00-18:00</c>, <c>Mon-Fri 08:00-18:00</c>, <c>Sat,Sun 22:00-06:00</c>. One whose end is
/// not after its start goes on into the next day. The end belongs to the free time.
internal sealed partial class Blackouts
{
    private const int MinutesOfDay = 24 * 60;
    private const int MinutesOfWeek = 7 * MinutesOfDay;

    private static readonly string[] Days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

    // A week has ten thousand minutes: looking one up beats comparing windows that overlap and go round midnight and Sunday.
    private readonly bool[] closed = new bool[MinutesOfWeek];
    private readonly int[] minutesToFree = new int[MinutesOfWeek];

    private static readonly Blackouts None = new();

    /// The longest stretch without a free minute.
    public TimeSpan Longest { get; private set; }

    /// <param name="problem">What is wrong with the text, and how it is written; null when it holds.</param>
    public static Blackouts? Read(string text, out string? problem)
    {
        problem = null;
        if (text.Length == 0)
        {
            return None;
        }

        var blackouts = new Blackouts();
        foreach (var line in text.Split(['\n', ';'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!blackouts.Close(line))
            {
                problem = $"\"{line}\" is no blackout. Write one a line, such as Mon-Fri 08:00-18:00, Sat,Sun 22:00-06:00 or 12:00-13:00.";
                return null;
            }
        }

        if (Array.TrueForAll(blackouts.closed, minute => minute))
        {
            problem = "The blackouts leave no minute of the week. Take one away or make it shorter.";
            return null;
        }

        // Twice round, because what is closed on Saturday night may end on Sunday.
        for (var minute = 2 * MinutesOfWeek - 1; minute >= 0; minute--)
        {
            var at = minute % MinutesOfWeek;
            blackouts.minutesToFree[at] = blackouts.closed[at] ? blackouts.minutesToFree[(at + 1) % MinutesOfWeek] + 1 : 0;
        }

        blackouts.Longest = TimeSpan.FromMinutes(blackouts.minutesToFree.Max());

        return blackouts;
    }

    /// The first local moment from this one on that is free.
    public DateTime Free(DateTime local)
    {
        var minutes = minutesToFree[MinuteOf(local)];
        return minutes == 0 ? local : new DateTime(local.Year, local.Month, local.Day, local.Hour, local.Minute, 0, local.Kind).AddMinutes(minutes);
    }

    private static int MinuteOf(DateTime local) => (int)local.DayOfWeek * MinutesOfDay + local.Hour * 60 + local.Minute;

    private bool Close(string line)
    {
        if (Line().Match(line) is not { Success: true } match || Minute(match.Groups["from"].Value) is not { } from || Minute(match.Groups["to"].Value) is not { } to || DaysOf(match.Groups["days"].Value) is not { } days)
        {
            return false;
        }

        var length = to > from ? to - from : to + MinutesOfDay - from;
        foreach (var day in days)
        {
            for (var minute = 0; minute < length; minute++)
            {
                closed[(day * MinutesOfDay + from + minute) % MinutesOfWeek] = true;
            }
        }

        return true;
    }

    private static int? Minute(string text) =>
        text == "24:00" ? MinutesOfDay : TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time.Hour * 60 + time.Minute : null;

    private static List<int>? DaysOf(string text)
    {
        var days = new List<int>();
        foreach (var part in text.Length == 0 ? ["Sun-Sat"] : text.Split(','))
        {
            var ends = part.Split('-').Select(name => Array.FindIndex(Days, day => day.Equals(name, StringComparison.OrdinalIgnoreCase))).ToArray();
            if (ends.Contains(-1))
            {
                return null;
            }

            // Fri-Mon goes over the end of the week.
            for (var day = ends[0]; ; day = (day + 1) % 7)
            {
                days.Add(day);
                if (day == ends[^1])
                {
                    break;
                }
            }
        }

        return days;
    }

    [GeneratedRegex(@"^((?<days>[A-Za-z]{3}([-,][A-Za-z]{3})*)\s+)?(?<from>\d\d:\d\d)\s*-\s*(?<to>\d\d:\d\d)$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Line();
}
