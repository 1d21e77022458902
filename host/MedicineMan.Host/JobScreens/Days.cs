using System.Globalization;

namespace MedicineMan.Host.JobScreens;

/// Days as people type them in a search: year, month and day, in UTC.
internal static class Days
{
    private const string Form = "yyyy-MM-dd";

    public static string? Text(DateTimeOffset? moment) => moment?.ToString(Form, CultureInfo.InvariantCulture);

    /// Where the day begins, so many days later; null for nothing. What cannot be read is null too, and said.
    public static DateTimeOffset? Start(string? day, int later, ref string? problem)
    {
        if (string.IsNullOrWhiteSpace(day))
        {
            return null;
        }

        if (!DateOnly.TryParseExact(day.Trim(), Form, CultureInfo.InvariantCulture, DateTimeStyles.None, out var read) || read == DateOnly.MaxValue)
        {
            problem = $"“{day}” is no day. Write year, month and day: 2026-11-28.";
            return null;
        }

        return new DateTimeOffset(read.AddDays(later).ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
    }
}
