using MedicineMan.Sdk;

namespace MedicineMan.Host.Schedules;

/// What the schedule form sends, and how it becomes a schedule. All that is wrong is said at once.
public sealed class ScheduleForm
{
    public string? Name { get; set; }

    public string? Cron { get; set; } = "0 2 * * *";

    public string? Zone { get; set; } = "UTC";

    public int JitterMinutes { get; set; }

    public string? Missed { get; set; } = "once";

    public int MissedMost { get; set; } = 10;

    public string? Overlap { get; set; } = "skip";

    public string? Blackouts { get; set; }

    internal static ScheduleForm From(ScheduleSettings settings) => new()
    {
        Name = settings.Name, Cron = settings.Cron, Zone = settings.Zone, JitterMinutes = settings.JitterSeconds / 60, Missed = settings.Missed.Text(), MissedMost = settings.MissedMost,
        Overlap = settings.Overlap.Text(), Blackouts = settings.Blackouts,
    };

    internal ScheduleSettings Read(string action, string subject, DateTimeOffset now)
    {
        var settings = new ScheduleSettings
        {
            Name = (Name ?? "").Trim(), Action = action, Subject = subject, Cron = (Cron ?? "").Trim(), Zone = (Zone ?? "").Trim(), JitterSeconds = (int)Math.Clamp(JitterMinutes * 60L, int.MinValue, int.MaxValue),
            Missed = Missed switch { "skip" => MissedRuns.Skip, "all" => MissedRuns.All, _ => MissedRuns.Once }, MissedMost = MissedMost,
            Overlap = Overlap is "after" ? Schedules.Overlap.After : Schedules.Overlap.Skip, Blackouts = (Blackouts ?? "").ReplaceLineEndings("\n").Trim(),
        };
        var problems = settings.Problems(now);
        return problems.Count == 0 ? settings : throw new UserFacingException(string.Join(' ', problems.Values)) { Permanent = true };
    }
}
