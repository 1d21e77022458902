using Coravel.Scheduling.Schedule.Cron;

namespace MedicineMan.Host.Schedules;

/// When something is due: five fields, in UTC.
internal sealed class Cron(string fields)
{
    private readonly CronExpression expression = new(fields);

    public static bool IsValid(string fields)
    {
        try
        {
            // Some mistakes show only when it is asked.
            return fields.Split(' ').Length == 5 && (new CronExpression(fields).IsDue(DateTime.UnixEpoch) || true);
        }
        catch (MalformedCronExpressionException)
        {
            return false;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    public bool IsDue(DateTimeOffset minute) => expression.IsDue(minute.UtcDateTime);
}
