using System.Globalization;
using MedicineMan.Host.Schedules;
using MedicineMan.Host.Schedules.Times;

namespace MedicineMan.Host.Tests.Schedules;

/// When a schedule is due, beside a second calculation that goes minute by minute.
public sealed class DueTimesTests
{
    private static readonly string[] Zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Casablanca", "Asia/Kathmandu", "UTC"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Due_times_are_those_of_a_calculation_minute_by_minute(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 60; round++)
        {
            var (zone, cron) = (Zones[random.Next(Zones.Length)], AnyCron(random));
            // Every other time around the nights in which clocks change.
            var from = random.Next(2) == 0
                ? new DateTimeOffset(2026, random.Next(2) == 0 ? 3 : 10, random.Next(20, 31), random.Next(24), random.Next(60), 0, TimeSpan.Zero)
                : new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(random.Next(365 * 24 * 60));
            var to = from.AddDays(4);

            var ours = Times(cron, zone).From(from).Select(next => next.Due).TakeWhile(due => due <= to);

            Assert.True(MinuteByMinute(cron, TimeZoneInfo.FindSystemTimeZoneById(zone), from, to).SequenceEqual(ours), $"{cron} in {zone} from {from:O}");
        }
    }

    [Theory]
    [InlineData("30 2 * * *", "2026-03-29T00:00", "2026-03-29T01:00")] // 02:30 does not exist in Berlin that night: it is due at 03:00
    [InlineData("30 2 * * *", "2026-10-24T12:00", "2026-10-25T00:30")] // 02:30 comes twice: it is due the first time
    [InlineData("30 2 * * *", "2026-10-25T00:30", "2026-10-26T01:30")]
    [InlineData("0 * * * *", "2026-10-25T00:00", "2026-10-25T01:00")] // every hour is every hour, also the one that comes twice
    [InlineData("15 30 4 * * *", "2026-06-01T00:00", "2026-06-01T02:30:15")]
    [InlineData("0 12 29 2 *", "2026-01-01T00:00", "2028-02-29T11:00")]
    public void Where_clocks_change_it_is_due_once_and_never_left_out(string cron, string after, string due) =>
        Assert.Equal(At(due), Times(cron, "Europe/Berlin").Next(At(after)));

    [Fact]
    public void Jitter_spreads_starts_within_its_bound_and_the_same_everywhere()
    {
        var times = Enumerable.Range(0, 200).Select(i => DueTimes.Of($"s{i}", Settings("0 2 * * *", "UTC") with { JitterSeconds = 3600 })).ToList();
        var due = At("2026-05-01T02:00");

        var late = times.Select(one => one.StartOf(due) - due).ToList();

        Assert.All(late, by => Assert.InRange(by, TimeSpan.Zero, TimeSpan.FromHours(1)));
        Assert.True(late.Distinct().Count() > 150 && late.Max() > TimeSpan.FromMinutes(50) && late.Min() < TimeSpan.FromMinutes(10));
        Assert.Equal(late[7], DueTimes.Of("s7", Settings("0 2 * * *", "UTC") with { JitterSeconds = 3600 }).StartOf(due) - due);
    }

    [Theory]
    [InlineData("Mon-Fri 08:00-18:00", "2026-03-02T09:30", "2026-03-02T18:00")]
    [InlineData("Mon-Fri 08:00-18:00", "2026-03-01T09:30", "2026-03-01T09:30")]
    [InlineData("Mon-Fri 08:00-18:00", "2026-03-02T18:00", "2026-03-02T18:00")]
    [InlineData("22:00-06:00", "2026-03-02T23:10", "2026-03-03T06:00")]
    [InlineData("Sat 22:00-06:00", "2026-03-01T05:59", "2026-03-01T06:00")]
    [InlineData("Fri-Mon 00:00-24:00", "2026-03-01T12:00", "2026-03-03T00:00")]
    [InlineData("08:00-12:00; 12:00-13:00", "2026-03-02T08:00", "2026-03-02T13:00")]
    public void A_start_in_a_blackout_is_moved_to_its_end(string blackouts, string due, string start) =>
        Assert.Equal(At(start), DueTimes.Of("one", Settings("* * * * *", "UTC") with { Blackouts = blackouts }).StartOf(At(due)));

    [Fact]
    public void A_blackout_is_told_in_the_schedules_own_time_also_where_clocks_change()
    {
        var times = DueTimes.Of("one", Settings("0 1 * * *", "Europe/Berlin") with { Blackouts = "00:00-02:30" });

        // 02:30 does not exist that night: the blackout ends when it would have.
        Assert.Equal(At("2026-03-29T01:00"), times.StartOf(At("2026-03-29T00:00")));
        Assert.Equal(At("2026-10-25T00:30"), times.StartOf(At("2026-10-24T23:00")));
    }

    [Fact]
    public void All_that_is_wrong_with_a_schedule_is_said_at_once_and_says_what_to_do()
    {
        var settings = Settings("61 * * * *", "Europe/Nowhere") with { Name = " ", JitterSeconds = -1, MissedMost = 0, Blackouts = "Monday 8-18" };

        var problems = settings.Problems(At("2026-01-01T00:00"));

        Assert.Equal(["blackouts", "cron", "jitterSeconds", "missedMost", "name", "zone"], problems.Keys.Order(StringComparer.Ordinal));
        Assert.Contains("Mon-Fri 08:00-18:00", problems["blackouts"], StringComparison.Ordinal);
        Assert.Contains("never due", Settings("0 0 31 2 *", "UTC").Problems(At("2026-01-01T00:00"))["cron"], StringComparison.Ordinal);
        Assert.Contains("leave no minute", (Settings("* * * * *", "UTC") with { Blackouts = "00:00-24:00" }).Problems(At("2026-01-01T00:00"))["blackouts"], StringComparison.Ordinal);
        Assert.Empty(Settings("*/10 * * * * *", "America/New_York").Problems(At("2026-01-01T00:00")));
    }

    internal static ScheduleSettings Settings(string cron, string zone) => new() { Name = "nightly", Action = "test", Subject = "one", Cron = cron, Zone = zone };

    private static DueTimes Times(string cron, string zone) => DueTimes.Of("one", Settings(cron, zone));

    private static DateTimeOffset At(string utc) => DateTimeOffset.Parse(utc + "Z", CultureInfo.InvariantCulture);

    private static string AnyCron(Random random)
    {
        string Field(int most, string any) => random.Next(5) switch
        {
            0 => any, 1 => $"*/{random.Next(2, 20)}", 2 => $"{random.Next(most / 2)}-{random.Next(most / 2, most)}", 3 => $"{random.Next(most)},{random.Next(most)}", _ => $"{random.Next(most)}",
        };
        return $"{Field(60, "*")} {Field(24, "*")} {(random.Next(4) == 0 ? $"{random.Next(1, 29)}-31" : "*")} * {(random.Next(3) == 0 ? $"{random.Next(3)}-{random.Next(3, 7)}" : "*")}";
    }

    // Written from the rules alone: a time of the day is due once in each local day; what comes in intervals is due whenever the clock shows it.
    private static List<DateTimeOffset> MinuteByMinute(string cron, TimeZoneInfo zone, DateTimeOffset from, DateTimeOffset to)
    {
        var fields = cron.Split(' ');
        bool Fits(DateTime local) => Holds(fields[0], local.Minute) && Holds(fields[1], local.Hour) && Holds(fields[2], local.Day) && Holds(fields[3], local.Month) && Holds(fields[4], (int)local.DayOfWeek);
        var due = new SortedSet<DateTimeOffset>();
        if (fields.Take(2).Any(field => field.AsSpan().ContainsAny('*', '/', '-')))
        {
            for (var minute = from.AddSeconds(-from.Second); minute <= to; minute = minute.AddMinutes(1))
            {
                if (Fits(TimeZoneInfo.ConvertTime(minute, zone).DateTime))
                {
                    due.Add(minute);
                }
            }
        }
        else
        {
            for (var local = from.UtcDateTime.Date.AddDays(-2); local < to.UtcDateTime.AddDays(2); local = local.AddMinutes(1))
            {
                var wall = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
                if (Fits(wall))
                {
                    var valid = wall;
                    while (zone.IsInvalidTime(valid))
                    {
                        valid = valid.AddMinutes(1);
                    }

                    due.Add(new DateTimeOffset(valid, zone.IsAmbiguousTime(valid) ? zone.GetAmbiguousTimeOffsets(valid).Max() : zone.GetUtcOffset(valid)).ToUniversalTime());
                }
            }
        }

        return [.. due.Where(at => at > from && at <= to)];
    }

    private static bool Holds(string field, int value) => field.Split(',').Any(part =>
        part == "*" || (part.StartsWith("*/", StringComparison.Ordinal) && value % Number(part[2..]) == 0)
        || (part.Split('-') is [var low, var high] ? value >= Number(low) && value <= Number(high) : int.TryParse(part, out var exact) && value == exact));

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
