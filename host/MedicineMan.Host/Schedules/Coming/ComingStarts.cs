using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Schedules.Times;

namespace MedicineMan.Host.Schedules.Coming;

/// What the clock is going to start, worked out ahead from each schedule's own rules: zone, jitter, blackouts, pause. One that starts often stands for a day
/// as a whole, so that a schedule by the minute is one line and not 1,440.
internal sealed class ComingStarts(ScheduleStore schedules, PluginSchedules plugins, TimeProvider time)
{
    /// Of an organisation's schedules those that start next are looked at.
    public const int MostSchedules = 2000;

    /// Starts on a day that are shown one by one.
    public const int MostSingle = 4;

    /// Counting the starts of a day ends there.
    public const int MostCounted = 1440;

    // Due times that are worked out for one answer, a tenth of a second's worth; from then on a day's starts are not counted any further than it takes to see that they are many.
    private const int MostLooked = 60_000;

    /// The starts of a stretch of time by their moment. Of days that lie further ahead the answer takes no longer: nothing is worked out that is not on the page.
    /// <param name="house">Whether those of plugins belong to it: they work for the installation's first organisation.</param>
    /// <param name="after">Cursor of the page before.</param>
    public async Task<Page<ComingStart>> Page(OrganizationId organization, bool house, ComingRange range, string? after, int size, CancellationToken cancel)
    {
        var cursor = Cursor.Parse(after, 3);
        // A page goes on from where the first one began, not from now: else one that stands for the rest of a day would come up again.
        range = cursor is null ? range : range with { From = Moment(cursor, 0) };
        var here = cursor is null ? (range.From, "") : (Moment(cursor, 1), cursor.Keys[2]);
        var starts = Merge(await Times(organization, house, range.To, cancel), range, here.Item1);
        var rows = starts.SkipWhile(start => Order((start.Start, start.Id), here) <= 0).Take(size + 1);
        return Page<ComingStart>.Of(rows, size, start => new Cursor(Number(range.From), Number(start.Start), start.Id));
    }

    /// All starts of a few weeks, by day.
    /// <returns>And whether there are more schedules than are looked at.</returns>
    public async Task<(ILookup<DateOnly, ComingStart> Days, bool More)> Days(OrganizationId organization, bool house, ComingRange range, CancellationToken cancel)
    {
        var times = await Times(organization, house, range.To, cancel);
        return (Merge(times, range, range.From).ToLookup(start => range.DayOf(start.Start)), times.Count(one => one.Known is not null) == MostSchedules);
    }

    private async Task<IReadOnlyList<ComingTimes>> Times(OrganizationId organization, bool house, DateTimeOffset before, CancellationToken cancel)
    {
        var rows = await schedules.Next(organization, before, MostSchedules, cancel);
        var others = house ? plugins.Times(time.GetUtcNow()) : [];
        return [.. rows.Select(ComingTimes.Of), .. others.Select(ComingTimes.Of)];
    }

    private static IEnumerable<ComingStart> Merge(IReadOnlyList<ComingTimes> all, ComingRange range, DateTimeOffset begin)
    {
        var looked = new Budget(MostLooked);
        var heads = new PriorityQueue<IEnumerator<ComingStart>, (DateTimeOffset, string)>(Comparer<(DateTimeOffset, string)>.Create(Order));
        foreach (var one in all)
        {
            Push(one.Days(range, begin, looked).GetEnumerator());
        }

        while (heads.TryDequeue(out var head, out _))
        {
            yield return head.Current;
            Push(head);
        }

        void Push(IEnumerator<ComingStart> head)
        {
            if (head.MoveNext())
            {
                heads.Enqueue(head, (head.Current.Start, head.Current.Id));
            }
        }
    }

    private static int Order((DateTimeOffset Start, string Id) one, (DateTimeOffset Start, string Id) other) =>
        one.Start != other.Start ? one.Start.CompareTo(other.Start) : string.CompareOrdinal(one.Id, other.Id);

    private static DateTimeOffset Moment(Cursor cursor, int key) =>
        cursor.Number(key) is >= 0 and < 253_402_300_799_999 and var number ? DateTimeOffset.FromUnixTimeMilliseconds(number) : throw Cursor.Unreadable();

    private static string Number(DateTimeOffset moment) => moment.ToUnixTimeMilliseconds().ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// How much is worked out at most for one answer.
internal sealed class Budget(int most)
{
    private int left = most;

    public bool IsSpent => left <= 0;

    public void Spend() => left--;
}

/// One start, or all of a schedule on one day when they are many.
/// <param name="Id">Of the schedule; of a plugin's, <c>plugin/job</c>.</param>
/// <param name="Page">Where it is looked after.</param>
/// <param name="Start">The first.</param>
/// <param name="Last">The last; the same when there is one.</param>
/// <param name="Times">How many.</param>
/// <param name="OrMore">Whether there are more, not counted further.</param>
internal sealed record ComingStart(string Id, string Name, string Page, DateTimeOffset Start, DateTimeOffset Last, int Times, bool OrMore);
