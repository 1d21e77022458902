using MedicineMan.Host.Schedules.Times;

namespace MedicineMan.Host.Schedules.Coming;

/// A schedule as the look ahead sees it.
/// <param name="Known">The next due time and its start, as the clock has it; null for what is due whenever its cron says.</param>
internal sealed record ComingTimes(string Id, string Name, string Page, DueTimes Times, (DateTimeOffset Due, DateTimeOffset Start)? Known)
{
    public static ComingTimes Of(ScheduleRow row) =>
        new(row.Id, row.Name, $"/jobs/schedules/{row.Id}", row.Times, (row.DueAt!.Value, row.StartAt!.Value));

    public static ComingTimes Of(PluginTime time)
    {
        var id = $"{time.PluginId}/{time.Job}";
        var settings = new ScheduleSettings { Name = id, Action = "", Subject = "", Cron = time.Cron };
        return new(id, $"{time.Plugin}: {time.Job}", $"/settings/plugins/{time.PluginId}", DueTimes.Of(id, settings), null);
    }

    /// Its starts from the day of a moment on, those of a day as one when they are many.
    public IEnumerable<ComingStart> Days(ComingRange range, DateTimeOffset begin, Budget looked)
    {
        var first = ComingRange.BeginOf(range.DayOf(begin), range.Zone);
        first = first > range.From ? first : range.From;
        // What starts on a day may have been due before it, but never after it: when the due times have left a day, it is complete.
        var days = new SortedDictionary<DateOnly, Day>();
        for (var (due, start) = Begin(first); due < range.To; (due, start) = Next(due))
        {
            while (days.Count > 0 && days.First() is var (earliest, whole) && whole.End <= due)
            {
                days.Remove(earliest);
                foreach (var one in Told(whole))
                {
                    yield return one;
                }
            }

            looked.Spend();
            if (start < first || start >= range.To)
            {
                continue;
            }

            var on = range.DayOf(start);
            var day = days.TryGetValue(on, out var known) ? known : days[on] = new Day(range.EndOf(on));
            day.Add(start);
            if (day.Looked >= ComingStarts.MostCounted || (looked.IsSpent && day.Starts.Count > ComingStarts.MostSingle))
            {
                // On with the next day; what this one has further is not counted.
                day.OrMore = Next(due).Start < day.End;
                due = day.End.AddTicks(-1) is var end && end > due ? end : due;
            }
        }

        foreach (var one in days.Values.SelectMany(Told))
        {
            yield return one;
        }
    }

    private IEnumerable<ComingStart> Told(Day day) => day.Starts.Count > ComingStarts.MostSingle
        ? [new(Id, Name, Page, day.Starts.Min, day.Starts.Max, day.Starts.Count, day.OrMore)]
        : day.Starts.Select(start => new ComingStart(Id, Name, Page, start, start, 1, false));

    private (DateTimeOffset Due, DateTimeOffset Start) Begin(DateTimeOffset first)
    {
        var after = first - Times.MostLate;
        return Known is { } known && known.Due >= after ? known : Next(after.AddTicks(-1));
    }

    private (DateTimeOffset Due, DateTimeOffset Start) Next(DateTimeOffset after) =>
        Times.Next(after) is { } due ? (due, Times.StartOf(due)) : (DateTimeOffset.MaxValue, DateTimeOffset.MaxValue);

    private sealed class Day(DateTimeOffset end)
    {
        public DateTimeOffset End => end;

        public SortedSet<DateTimeOffset> Starts { get; } = [];

        public int Looked { get; private set; }

        public bool OrMore { get; set; }

        public void Add(DateTimeOffset start)
        {
            Looked++;
            Starts.Add(start);
        }
    }
}
