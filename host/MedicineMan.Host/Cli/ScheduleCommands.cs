using System.CommandLine;
using MedicineMan.Host.Cli.Show;
using MedicineMan.Host.Cli.Wire;
using MedicineMan.Host.Schedules;
using MedicineMan.Host.Schedules.Coming;

namespace MedicineMan.Host.Cli;

internal static class ScheduleCommands
{
    private static readonly Argument<string> Name = new("schedule") { Description = "Name or id of the schedule." };

    public static Command Create() => new Command("schedule", "Schedules: what the clock starts.")
    {
        List(), Show(), Upcoming(), Add(), Act("pause", "Starts nothing until it is resumed."), Act("resume", "Goes on with the next due time."), Run(), Remove(),
    }.ThroughTheDoor();

    private static Command List() => new Command("list", "Lists the schedules.").Does((_, host, output, cancel) => output.List(
        host.All<ScheduleAnswer>("schedules", cancel),
        "No schedule yet. Add one with: medicineman schedule add <plan> --cron \"0 2 * * *\"",
        ("NAME", schedule => schedule.Name), ("WHEN", schedule => schedule.Cron), ("ZONE", schedule => schedule.Zone),
        ("NEXT START", schedule => schedule.PausedAt is null ? Output.Exactly(schedule.NextStartAt) : "paused"), ("ID", schedule => schedule.Id)));

    private static Command Show() => new Command("show", "Shows one schedule, its next starts and what became of the last ones.") { Name }.Does(async (parsed, host, output, cancel) =>
    {
        var schedule = await host.Get<ScheduleAnswer>($"schedules/{(await host.Schedule(parsed.GetValue(Name)!, cancel)).Id}", cancel);
        var starts = await host.All<ScheduleStart>($"schedules/{schedule.Id}/starts", cancel).Take(5).ToListAsync(cancel);
        return output.One(
            new { schedule, starts },
            [
                ("schedule", schedule.Id), ("name", schedule.Name), ("when", $"{schedule.Cron} in {schedule.Zone}"), ("paused", Output.Time(schedule.PausedAt)),
                .. (schedule.Upcoming ?? []).Select(start => ("next start", Output.Exactly(start))),
                .. starts.Select(start => ($"due {Output.Exactly(start.DueAt)}", (string?)$"{start.Outcome}{(start.Reason is null ? "" : $": {start.Reason}")}")),
            ]);
    });

    private static Command Upcoming()
    {
        var from = new Option<string?>("--from") { Description = "First day, such as 2026-11-28, in UTC. Default: now." };
        var days = new Option<int>("--days") { Description = "So many days, at most 62.", DefaultValueFactory = _ => 7 };
        var zone = new Option<string>("--zone") { Description = "Zone whose days count, for schedules that start often.", DefaultValueFactory = _ => "UTC" };
        return new Command("upcoming", "What the clock is going to start, in order.") { from, days, zone }.Does((parsed, host, output, cancel) =>
        {
            string? problem = null;
            var first = JobScreens.Days.Start(parsed.GetValue(from), 0, ref problem);
            if (problem is not null || parsed.GetValue(days) is < 1 or > 62)
            {
                throw new Sdk.UserFacingException(problem ?? "--days is between 1 and 62.");
            }

            var to = (first ?? TimeProvider.System.GetUtcNow()).AddDays(parsed.GetValue(days));
            var query = $"to={Uri.EscapeDataString($"{to:O}")}&zone={Uri.EscapeDataString(parsed.GetValue(zone)!)}{(first is { } day ? $"&from={Uri.EscapeDataString($"{day:O}")}" : "")}";
            return output.List(
                host.All<ComingStartAnswer>($"schedules/upcoming?{query}", cancel),
                "Nothing is started by the clock in this time.",
                ("STARTS AT", start => Output.Exactly(start.StartAt)), ("SCHEDULE", start => start.Name), ("TIMES", start => start.Times == 1 ? null : start.OrMore ? $"{start.Times} or more" : $"{start.Times}, until {Output.Exactly(start.LastStartAt)}"));
        });
    }

    private static Command Add()
    {
        var plan = new Argument<string>("plan") { Description = "Name or id of the plan to back up." };
        var name = new Option<string?>("--name") { Description = "Name of the schedule. Default: Back up and the plan's name." };
        var cron = new Option<string>("--cron") { Description = "Minute, hour, day, month, weekday; a sixth field in front is seconds. \"0 2 * * *\" is every night at two.", Required = true };
        var zone = new Option<string>("--zone") { Description = "Time zone, such as Europe/Berlin.", DefaultValueFactory = _ => "UTC" };
        var jitter = new Option<int>("--jitter") { Description = "Starts later by up to so many seconds." };
        var missed = new Option<MissedRuns>("--missed") { Description = "Times that passed while nothing ran: skip, once or all. The latest starts in any case when it is late by less than five minutes.", DefaultValueFactory = _ => MissedRuns.Once };
        var most = new Option<int>("--missed-most") { Description = "With all: at most so many.", DefaultValueFactory = _ => 10 };
        var overlap = new Option<Overlap>("--overlap") { Description = "When the one before has not ended: skip the next, or start it after.", DefaultValueFactory = _ => Overlap.Skip };
        var blackouts = new Option<string[]>("--blackout") { Description = "Never start then, such as \"Mon-Fri 08:00-18:00\"; may be given several times." };
        return new Command("add", "Backs up a plan by the clock.") { plan, name, cron, zone, jitter, missed, most, overlap, blackouts }.Does(async (parsed, host, output, cancel) =>
        {
            var target = await host.Plan(parsed.GetValue(plan)!, cancel);
            var request = new ScheduleRequest
            {
                Name = parsed.GetValue(name) ?? $"Back up {target.Name}", Action = "back-up", Subject = target.Id, Cron = parsed.GetValue(cron), Zone = parsed.GetValue(zone)!, JitterSeconds = parsed.GetValue(jitter),
                Missed = parsed.GetValue(missed), MissedMost = parsed.GetValue(most), Overlap = parsed.GetValue(overlap), Blackouts = string.Join('\n', parsed.GetValue(blackouts) ?? []),
            };
            var added = await host.Post<ScheduleAnswer>("schedules", request, cancel);
            return output.One(added, ("id", added.Id), ("name", added.Name), ("next start", Output.Exactly(added.NextStartAt)));
        });
    }

    private static Command Run() => new Command("run", "Starts now what the schedule starts.") { Name }.Does(async (parsed, host, output, cancel) =>
    {
        var started = await host.Start<ScheduleStarted>($"schedules/{(await host.Schedule(parsed.GetValue(Name)!, cancel)).Id}/run", null, cancel);
        return output.One(started, ("page", started.Page));
    });

    private static Command Remove() => new Command("remove", "Removes a schedule; what it started stays.") { Name }.Does(async (parsed, host, output, cancel) =>
    {
        var schedule = await host.Schedule(parsed.GetValue(Name)!, cancel);
        await host.Delete($"schedules/{schedule.Id}", cancel);
        return output.One(schedule, ("removed", schedule.Name));
    });

    private static Command Act(string verb, string description) => new Command(verb, description) { Name }.Does(async (parsed, host, output, cancel) =>
    {
        var schedule = await host.Post<ScheduleAnswer>($"schedules/{(await host.Schedule(parsed.GetValue(Name)!, cancel)).Id}/{verb}", null, cancel);
        return output.One(schedule, ("schedule", schedule.Name), ("next start", schedule.PausedAt is null ? Output.Exactly(schedule.NextStartAt) : "paused"));
    });
}
