using System.Globalization;

namespace MedicineMan.Repository.Retention;

/// <summary>Applies a rule to one group of snapshots, step by step as restic does, so that both keep the same ones.</summary>
internal static class RetentionPolicy
{
    /// <summary>The snapshots to keep, each with the reasons.</summary>
    /// <param name="snapshots">One group.</param>
    /// <param name="rule">Not empty.</param>
    /// <param name="now">Snapshots after this do not set the start of spans.</param>
    /// <param name="here">This machine's time zone.</param>
    public static Dictionary<ObjectId, List<string>> Keep(IReadOnlyCollection<SnapshotEntry> snapshots, RetentionRule rule, DateTimeOffset now, TimeZoneInfo here)
    {
        Counted[] counted =
        [
            new("last snapshot", rule.Last, (_, place) => place), new("hourly snapshot", rule.Hourly, Hour), new("daily snapshot", rule.Daily, Day),
            new("weekly snapshot", rule.Weekly, Week), new("monthly snapshot", rule.Monthly, Month), new("yearly snapshot", rule.Yearly, Year),
        ];
        var latest = snapshots.Select(snapshot => snapshot.WrittenTime).Where(time => time < now).DefaultIfEmpty(DateTimeOffset.MinValue).Max();
        DateTimeOffset Start(KeepFor span) => span.Before(latest, here);
        Spanned[] spanned =
        [
            new("hourly within", rule.WithinHourly, Start(rule.WithinHourly), Hour), new("daily within", rule.WithinDaily, Start(rule.WithinDaily), Day),
            new("weekly within", rule.WithinWeekly, Start(rule.WithinWeekly), Week), new("monthly within", rule.WithinMonthly, Start(rule.WithinMonthly), Month),
            new("yearly within", rule.WithinYearly, Start(rule.WithinYearly), Year),
        ];
        var within = Start(rule.Within);

        var keep = new Dictionary<ObjectId, List<string>>();
        var place = 0;
        foreach (var snapshot in snapshots.OrderByDescending(snapshot => snapshot.WrittenTime))
        {
            List<string> reasons = [.. rule.Tags.Where(snapshot.HasTags).Select(tags => $"has tags [{string.Join(", ", tags)}]")];
            if (!rule.Within.IsZero && snapshot.WrittenTime > within)
            {
                reasons.Add($"within {rule.Within}");
            }

            var isOldest = rule.KeepOldest && place == snapshots.Count - 1;
            reasons.AddRange(counted.Where(bucket => bucket.Takes(snapshot.WrittenTime, place, isOldest)).Select(bucket => bucket.Reason));
            reasons.AddRange(spanned.Where(bucket => bucket.Takes(snapshot.WrittenTime, place)).Select(bucket => bucket.Reason));
            if (reasons.Count > 0)
            {
                keep[snapshot.Id] = reasons;
            }

            place++;
        }

        return keep;
    }

    internal static int Hour(DateTimeOffset time, int place) => Day(time, place) * 100 + time.Hour;

    private static int Day(DateTimeOffset time, int place) => time.Year * 10000 + time.Month * 100 + time.Day;

    private static int Week(DateTimeOffset time, int place) => ISOWeek.GetYear(time.DateTime) * 100 + ISOWeek.GetWeekOfYear(time.DateTime);

    private static int Month(DateTimeOffset time, int place) => time.Year * 100 + time.Month;

    private static int Year(DateTimeOffset time, int place) => time.Year;

    private sealed class Counted(string reason, int count, Func<DateTimeOffset, int, int> bucket)
    {
        private int left = count;
        private int last = -1;

        public string Reason => reason;

        public bool Takes(DateTimeOffset time, int place, bool isOldest)
        {
            var value = bucket(time, place);
            if (left == 0 || (value == last && !isOldest))
            {
                return false;
            }

            last = value;
            left -= left > 0 ? 1 : 0;
            return true;
        }
    }

    private sealed class Spanned(string reason, KeepFor span, DateTimeOffset start, Func<DateTimeOffset, int, int> bucket)
    {
        private int last = -1;

        public string Reason => $"{reason} {span}";

        public bool Takes(DateTimeOffset time, int place)
        {
            var value = bucket(time, place);
            if (span.IsZero || time <= start || value == last)
            {
                return false;
            }

            last = value;
            return true;
        }
    }
}
