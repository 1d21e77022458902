using System.Globalization;
using MedicineMan.Host.Access;
using MedicineMan.Host.Data;
using MedicineMan.Host.JobScreens;
using MedicineMan.Host.Schedules.Coming;
using MedicineMan.Host.Schedules.Times;
using MedicineMan.Host.Shell;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.WebUtilities;

namespace MedicineMan.Host.Schedules.Pages;

/// The calendar of what the clock is going to start: a month, a week, or a day as a list.
[Authorize(Policies.Viewer)]
internal sealed class UpcomingModel(ComingStarts coming, TimeProvider time) : PageModel
{
    public static IReadOnlyList<string> Views { get; } = ["month", "week", "day"];

    public string Shown { get; private set; } = Views[0];

    /// The zone asked for, else the browser's, else UTC.
    public TimeZoneInfo Zone { get; private set; } = TimeZoneInfo.Utc;

    public DateOnly Today { get; private set; }

    /// The day whose month or week is shown.
    public DateOnly On { get; private set; }

    public IReadOnlyList<DateOnly> Days { get; private set; } = [];

    public ILookup<DateOnly, ComingStart> Starts { get; private set; } = Array.Empty<ComingStart>().ToLookup(_ => default(DateOnly));

    /// Whether there are more schedules than the calendar looks at.
    public bool IsCut { get; private set; }

    /// Of a day.
    public Page<ComingStart> List { get; private set; } = new([], null);

    public string? Problem { get; private set; }

    /// As it was asked for, so that a mistake can be mended.
    public string ZoneText => Request.Query["zone"].FirstOrDefault() ?? Zone.Id;

    public async Task OnGet(string? view, string? on, string? zone, string? after, CancellationToken cancel)
    {
        var (now, visitor) = (time.GetUtcNow(), HttpContext.Visitor());
        string? problem = null;
        Shown = Views.FirstOrDefault(one => one == view) ?? Views[0];
        Zone = (zone is null ? null : DueTimes.Zone(zone)) ?? ReaderZone.Of(Request);
        Today = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, Zone).DateTime);
        On = JobScreens.Days.Start(on, 0, ref problem) is { Year: > 1 and < 9990 } day ? DateOnly.FromDateTime(day.DateTime) : Today;
        var (first, count) = Shown switch { "day" => (On, 1), "week" => (Monday(On), 7), _ => (Monday(new DateOnly(On.Year, On.Month, 1)), 42) };
        Days = [.. Enumerable.Range(0, count).Select(first.AddDays).TakeWhile(one => Shown is not "month" || one.DayOfWeek is not DayOfWeek.Monday || one.Month == On.Month || one == first)];
        var range = ComingRange.Read(ComingRange.BeginOf(first, Zone), ComingRange.BeginOf(Days[^1].AddDays(1), Zone), zone ?? Zone.Id, now, out var wrong);
        Problem = problem ?? (range is null ? wrong.Sentence : null);
        if (range is not null && Shown is "day")
        {
            List = await coming.Page(visitor.Organization, visitor.IsOfTheHouse, range, after, 50, cancel);
        }
        else if (range is not null)
        {
            (Starts, IsCut) = await coming.Days(visitor.Organization, visitor.IsOfTheHouse, range, cancel);
        }
    }

    public string Address(string view, DateOnly on, string? after = null) => QueryHelpers.AddQueryString("/jobs/upcoming", new Dictionary<string, string?>
    {
        ["view"] = view, ["on"] = on.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), ["zone"] = Request.Query["zone"].FirstOrDefault(), ["after"] = after,
    }.Where(pair => pair.Value is not null));

    /// So many months, weeks or days on.
    public DateOnly Step(int steps) => Shown switch { "day" => On.AddDays(steps), "week" => On.AddDays(7 * steps), _ => new DateOnly(On.Year, On.Month, 1).AddMonths(steps) };

    public string Clock(DateTimeOffset moment) => TimeZoneInfo.ConvertTime(moment, Zone).ToString("HH:mm", CultureInfo.InvariantCulture);

    private static DateOnly Monday(DateOnly day) => day.AddDays(-(((int)day.DayOfWeek + 6) % 7));
}
