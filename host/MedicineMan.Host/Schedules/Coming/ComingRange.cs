using MedicineMan.Host.Schedules.Times;

namespace MedicineMan.Host.Schedules.Coming;

/// A stretch of time ahead, and the zone whose days it is told in.
internal sealed record ComingRange(DateTimeOffset From, DateTimeOffset To, TimeZoneInfo Zone)
{
    public static readonly TimeSpan Longest = TimeSpan.FromDays(62);

    // Beyond, no zone's rules are known.
    private static readonly TimeSpan Furthest = TimeSpan.FromDays(5 * 366);

    /// From now on, when it begins before; a week, when it has no end.
    /// <param name="problem">The field that does not hold, and what is wrong with it.</param>
    public static ComingRange? Read(DateTimeOffset? from, DateTimeOffset? to, string? zone, DateTimeOffset now, out (string Field, string Sentence) problem)
    {
        var begin = from > now ? from.Value : now;
        var known = DueTimes.Zone(zone ?? "UTC");
        problem = known is null ? ("zone", $"There is no time zone \"{zone}\". Write one such as Europe/Berlin or UTC.")
            : begin - now > Furthest ? ("from", "At most five years are looked ahead.")
            : to <= from ? ("to", "It ends before it begins: to must be later than from.")
            : to <= now ? ("to", "That is over. Only starts that are still to come are listed.")
            : to - begin > Longest ? ("to", $"At most {Longest.TotalDays:0} days are listed at once. Ask for the rest in a second step.")
            : ("", "");
        return problem.Field.Length == 0 ? new ComingRange(begin, to ?? begin.AddDays(7), known!) : null;
    }

    public DateOnly DayOf(DateTimeOffset moment) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(moment, Zone).DateTime);

    /// The moment a day begins; not always midnight, since clocks may change then.
    public static DateTimeOffset BeginOf(DateOnly day, TimeZoneInfo zone)
    {
        var local = day.ToDateTime(TimeOnly.MinValue);
        while (zone.IsInvalidTime(local))
        {
            local = local.AddMinutes(15);
        }

        return new DateTimeOffset(local, zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local)).ToUniversalTime();
    }

    public DateTimeOffset EndOf(DateOnly day) => BeginOf(day.AddDays(1), Zone);
}
