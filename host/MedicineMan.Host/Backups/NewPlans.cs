using System.Globalization;
using MedicineMan.Host.Access;
using MedicineMan.Host.Backups.Plans;
using MedicineMan.Host.Backups.Runs;
using MedicineMan.Host.Data;
using MedicineMan.Host.Schedules;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Backups;

/// Adds a plan as a person makes one: with a schedule, unless they say otherwise. It starts every day at an hour of their own zone, spread over half an hour, so that plans made one after
/// another do not all start at once.
internal sealed class NewPlans(PlanStore plans, ScheduleStore schedules)
{
    public const int UsualHour = 2;

    private const int JitterSeconds = 30 * 60;
    private const int LongestName = 100;

    /// <param name="dailyAt">0 to 23; null for a plan that is backed up by hand.</param>
    /// <returns>The id of the plan.</returns>
    public async Task<string> Add(Visitor visitor, PlanSettings plan, int? dailyAt, TimeZoneInfo zone, CancellationToken cancel)
    {
        if (dailyAt is < 0 or > 23)
        {
            throw new UserFacingException("The hour of the daily backup is between 0 and 23.") { Permanent = true };
        }

        var id = await plans.Add(visitor.Organization, visitor.Actor, plan, cancel);
        if (dailyAt is not { } hour)
        {
            return id;
        }

        var settings = new ScheduleSettings
        {
            Name = Short($"Back up {plan.Name}", LongestName), Action = BackUp.Action, Subject = id, Cron = string.Create(CultureInfo.InvariantCulture, $"0 {hour} * * *"), Zone = zone.Id,
            JitterSeconds = JitterSeconds,
        };
        try
        {
            await schedules.Add(visitor.Organization, visitor.Actor, settings, cancel);
        }
        catch (TakenException)
        {
            // Somebody named another one so.
            await schedules.Add(visitor.Organization, visitor.Actor, settings with { Name = $"{Short(settings.Name, LongestName - 9)} {id[^8..]}" }, cancel);
        }

        return id;
    }

    private static string Short(string name, int most) => name.Length > most ? name[..most].TrimEnd() : name;
}
