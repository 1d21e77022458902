using System.Data.Common;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Schedules.Times;

namespace MedicineMan.Host.Schedules;

/// What is done with the times that passed while nothing ran, or while the clock was not looked at.
internal enum MissedRuns
{
    Skip,
    Once,
    All,
}

/// What happens when the run before has not ended.
internal enum Overlap
{
    Skip,
    After,
}

internal static class ScheduleWords
{
    /// As it stands in the database and in the API.
    public static string Text(this MissedRuns missed) => missed switch { MissedRuns.Skip => "skip", MissedRuns.All => "all", _ => "once" };

    public static string Text(this Overlap overlap) => overlap is Overlap.After ? "after" : "skip";
}

/// What an operator decides about a schedule.
internal sealed record ScheduleSettings
{
    private const int LongestJitter = 24 * 60 * 60;
    private const int MostMissed = 100;

    // Of a schedule by the second whose times a blackout all holds back, a day's are looked at.
    private const int MostLooked = 86_400;

    public required string Name { get; init; }

    /// Name of a <see cref="ScheduledAction"/>, for instance <c>back-up</c>.
    public required string Action { get; init; }

    /// What it is done to, for instance the id of a plan.
    public required string Subject { get; init; }

    /// Five fields, or six with seconds first.
    public required string Cron { get; init; }

    /// IANA name, for instance <c>Europe/Berlin</c>.
    public string Zone { get; init; } = "UTC";

    /// Each start is later by up to so many seconds, by chance but the same on every node.
    public int JitterSeconds { get; init; }

    public MissedRuns Missed { get; init; } = MissedRuns.Once;

    /// For <see cref="MissedRuns.All"/>: at most so many, the latest.
    public int MissedMost { get; init; } = 10;

    public Overlap Overlap { get; init; } = Overlap.Skip;

    /// See <see cref="Times.Blackouts"/>.
    public string Blackouts { get; init; } = "";

    /// The next starts, were it in force now. What a blackout holds back is one start.
    /// <param name="id">Of the schedule, which decides its jitter; empty for one that is not there yet.</param>
    public IReadOnlyList<DateTimeOffset> Upcoming(string id, DateTimeOffset now, int most) =>
        [.. DueTimes.Of(id, this).From(now).Select(next => next.Start).Take(MostLooked).Distinct().Take(most).Order()];

    /// All that is wrong, by the name of the field.
    public IReadOnlyDictionary<string, string> Problems(DateTimeOffset now)
    {
        var problems = new Dictionary<string, string>();
        void Need(bool holds, string field, string sentence)
        {
            if (!holds)
            {
                problems.TryAdd(field, sentence);
            }
        }

        Need(Name.Trim().Length is > 0 and <= 100, "name", "Give the schedule a name of at most 100 characters.");
        var cron = DueTimes.Parse(Cron);
        Need(cron is not null, "cron", $"\"{Cron}\" is no schedule. Write minute, hour, day, month and weekday, such as 0 2 * * * for every night at two; a sixth field in front is seconds.");
        var zone = DueTimes.Zone(Zone);
        Need(zone is not null, "zone", $"There is no time zone \"{Zone}\". Write one such as Europe/Berlin or UTC.");
        Need(cron is null || zone is null || cron.GetNextOccurrence(now, zone) is not null, "cron", $"\"{Cron}\" is never due. Check its day and month.");
        Need(JitterSeconds is >= 0 and <= LongestJitter, "jitterSeconds", "The jitter is between 0 seconds and a day.");
        Need(MissedMost is >= 1 and <= MostMissed, "missedMost", $"Between 1 and {MostMissed} missed runs are made up for.");
        Times.Blackouts.Read(Blackouts, out var wrong);
        Need(wrong is null, "blackouts", wrong ?? "");
        return problems;
    }
}

internal sealed record ScheduleRow
{
    public required string Id { get; init; }

    public required OrganizationId Organization { get; init; }

    public required string Name { get; init; }

    public required string Action { get; init; }

    public required string Subject { get; init; }

    public required string Cron { get; init; }

    public required string Zone { get; init; }

    public int JitterSeconds { get; init; }

    public required MissedRuns Missed { get; init; }

    public int MissedMost { get; init; }

    public required Overlap Overlap { get; init; }

    public required string Blackouts { get; init; }

    public DateTimeOffset? PausedAt { get; init; }

    public DateTimeOffset? DueAt { get; init; }

    public DateTimeOffset? StartAt { get; init; }

    public bool Waiting { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public ScheduleSettings Settings => new()
    {
        Name = Name, Action = Action, Subject = Subject, Cron = Cron, Zone = Zone, JitterSeconds = JitterSeconds, Missed = Missed, MissedMost = MissedMost, Overlap = Overlap, Blackouts = Blackouts,
    };

    public DueTimes Times => DueTimes.Of(Id, Settings);

    /// The next starts; none while it is paused.
    public IReadOnlyList<DateTimeOffset> Upcoming(DateTimeOffset now, int most) => PausedAt is null ? Settings.Upcoming(Id, now, most) : [];
}

/// One due time and what became of it.
/// <param name="Outcome"><c>started</c>, <c>skipped</c>, <c>missed</c> or <c>failed</c>.</param>
/// <param name="Url">Where what it started is seen.</param>
internal sealed record ScheduleStart(DateTimeOffset DueAt, DateTimeOffset At, string Outcome, string? Reason, string? Url);

/// What a room lets be done by the clock. It starts in the clock's transaction and returns at once: the work itself is a job.
/// <param name="Start">Says where what was started is seen; null when the one before has not ended, and nothing was started.</param>
/// <param name="NameOf">Name of a subject; null when it is not there.</param>
/// <param name="UrlOf">Page of a subject.</param>
internal sealed record ScheduledAction(
    string Name, string Title, Func<DbTransaction, OrganizationId, Actor, string, CancellationToken, Task<string?>> Start,
    Func<OrganizationId, string, CancellationToken, Task<string?>> NameOf, Func<string, string> UrlOf);
