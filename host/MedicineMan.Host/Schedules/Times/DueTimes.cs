using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Cronos;

namespace MedicineMan.Host.Schedules.Times;

/// The moments a schedule names and those it starts at. Where the clocks go forward, a time that does not exist is due at the next one that does; where
/// they go back, a time that comes twice is due once, unless the schedule is one of intervals, such as every hour.
internal sealed class DueTimes
{
    private readonly string id;
    private readonly CronExpression cron;
    private readonly TimeZoneInfo zone;
    private readonly int jitter;
    private readonly Blackouts blackouts;

    private DueTimes(string id, CronExpression cron, TimeZoneInfo zone, int jitter, Blackouts blackouts) =>
        (this.id, this.cron, this.zone, this.jitter, this.blackouts) = (id, cron, zone, jitter, blackouts);

    /// <param name="id">Of the schedule: so that two of the same time are spread, and one is at the same moment on every node.</param>
    /// <param name="settings">What holds; see <see cref="ScheduleSettings.Problems"/>.</param>
    public static DueTimes Of(string id, ScheduleSettings settings) =>
        new(id, Parse(settings.Cron)!, Zone(settings.Zone)!, settings.JitterSeconds, Blackouts.Read(settings.Blackouts, out _)!);

    public static bool HasSeconds(string cron) => cron.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length == 6;

    /// Five fields, or six with seconds first; null when it is no cron.
    public static CronExpression? Parse(string cron)
    {
        try
        {
            return CronExpression.Parse(cron, HasSeconds(cron) ? CronFormat.IncludeSeconds : CronFormat.Standard);
        }
        catch (CronFormatException)
        {
            return null;
        }
    }

    public static TimeZoneInfo? Zone(string name) => TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : null;

    /// The next due moment after this one; null when there is none any more.
    public DateTimeOffset? Next(DateTimeOffset after) => cron.GetNextOccurrence(after, zone)?.ToUniversalTime();

    /// The next due moments with the moments they start at.
    public IEnumerable<(DateTimeOffset Due, DateTimeOffset Start)> From(DateTimeOffset after)
    {
        for (var due = Next(after); due is { } at; due = Next(at))
        {
            yield return (at, StartOf(at));
        }
    }

    /// How much later than it is due something may start; with an hour for clocks that change meanwhile.
    public TimeSpan MostLate => TimeSpan.FromSeconds(jitter) + blackouts.Longest + (blackouts.Longest > TimeSpan.Zero ? TimeSpan.FromHours(1) : TimeSpan.Zero);

    /// When what is due is started: spread by its jitter, then moved to the end of a blackout.
    public DateTimeOffset StartOf(DateTimeOffset due)
    {
        var spread = due.AddSeconds(jitter == 0 ? 0 : Spread(due) % (uint)(jitter + 1));
        if (blackouts.Longest == TimeSpan.Zero)
        {
            return spread;
        }

        var local = TimeZoneInfo.ConvertTime(spread, zone);
        var free = blackouts.Free(local.DateTime);
        if (free == local.DateTime)
        {
            return spread;
        }

        while (zone.IsInvalidTime(free))
        {
            free = free.AddMinutes(1);
        }

        // Of an hour that comes twice the first one counts, unless it is over already.
        var ends = zone.IsAmbiguousTime(free) ? zone.GetAmbiguousTimeOffsets(free).Order().Reverse() : [zone.GetUtcOffset(free)];
        return ends.Select(offset => new DateTimeOffset(free, offset).ToUniversalTime()).FirstOrDefault(end => end >= spread, spread);
    }

    private uint Spread(DateTimeOffset due)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{id} {due.ToUnixTimeMilliseconds()}"), hash);
        return BinaryPrimitives.ReadUInt32LittleEndian(hash);
    }
}
