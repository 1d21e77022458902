using System.Globalization;
using Dapper;
using MedicineMan.Host.Access;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Backups.Plans;
using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Schedules;
using MedicineMan.Host.Schedules.Coming;
using MedicineMan.Host.Servers;
using MedicineMan.Host.Tests.Api;

namespace MedicineMan.Host.Tests.Schedules;

/// What the clock is going to start, worked out ahead.
public sealed class ComingStartsTests
{
    private static readonly DateTimeOffset Now = new(2027, 3, 1, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_starts_are_those_that_the_clock_would_make_minute_by_minute()
    {
        var random = new Random(5);
        string[] crons = ["0 2 * * *", "30 */6 * * *", "15 1-3 * * SUN", "0 12 1 * *", "*/30 8-17 * * MON-FRI", "30 2 * * *", "0 0 29 2 *", "*/7 * * * *"];
        string[] blackouts = ["", "Mon-Fri 08:00-18:00", "Sat,Sun 22:00-06:00", "12:00-13:00", "Mon-Fri 00:00-24:00"];
        string[] zones = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"];
        for (var round = 0; round < 150; round++)
        {
            var row = Row(crons[random.Next(crons.Length)]) with
            {
                Blackouts = blackouts[random.Next(blackouts.Length)], Zone = zones[random.Next(zones.Length)], JitterSeconds = random.Next(2) * random.Next(3 * 3600),
            };
            var from = Now.AddMinutes(random.Next(40 * 24 * 60));
            var range = new ComingRange(from, from.AddDays(random.Next(1, 20)), TimeZoneInfo.FindSystemTimeZoneById(zones[random.Next(zones.Length)]));
            var expected = row.Times.From(from.AddDays(-9)).TakeWhile(next => next.Due < range.To).Select(next => next.Start).Where(start => start >= from && start < range.To).Distinct().Order().ToList();

            var ours = ComingTimes.Of(Known(row, from)).Days(range, from, new Budget(1_000_000)).ToList();

            Assert.True(expected.Count == ours.Sum(start => start.Times), $"{row.Cron} {row.Zone} {row.Blackouts} {row.JitterSeconds} from {from:O}: {expected.Count}, not {ours.Sum(start => start.Times)}");
            Assert.Equal(expected.GroupBy(range.DayOf).SelectMany(day => day.Count() > ComingStarts.MostSingle ? [(day.Min(), day.Max())] : day.Select(one => (one, one))), ours.Select(start => (start.Start, start.Last)));
        }
    }

    [Fact]
    public void One_by_the_minute_is_one_a_day_and_one_by_the_second_is_not_counted_to_the_end()
    {
        var range = new ComingRange(Now.Date.ToUniversalTime().AddDays(1), Now.Date.ToUniversalTime().AddDays(43), TimeZoneInfo.Utc);

        var byMinute = ComingTimes.Of(Row("* * * * *")).Days(range, range.From, new Budget(100_000)).ToList();
        var bySecond = ComingTimes.Of(Row("* * * * * *")).Days(range, range.From, new Budget(10_000)).ToList();

        Assert.Equal(42, byMinute.Count);
        Assert.All(byMinute, day => Assert.True(day is { Times: 1440, OrMore: false }));
        Assert.Equal(42, bySecond.Count);
        Assert.True(bySecond[0] is { Times: 1440, OrMore: true } && bySecond[^1] is { Times: 5, OrMore: true });
    }

    [Theory]
    [InlineData("2027-03-02T00:00Z", "2027-03-01T23:00Z", "UTC", "to")]
    [InlineData(null, "2027-03-01T09:00Z", "UTC", "to")]
    [InlineData(null, "2027-05-30T09:00Z", "UTC", "to")]
    [InlineData("2040-01-01T00:00Z", null, "UTC", "from")]
    [InlineData(null, null, "Mars/Base", "zone")]
    public void A_range_that_makes_no_sense_is_refused_by_name(string? from, string? to, string zone, string field)
    {
        Assert.Null(ComingRange.Read(At(from), At(to), zone, Now, out var problem));
        Assert.Equal(field, problem.Field);
        Assert.Equal(Now.AddDays(7), ComingRange.Read(Now.AddDays(-1), null, null, Now, out _)!.To);
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_calendar_shows_what_is_not_paused_links_to_it_and_is_read_page_by_page(bool postgres)
    {
        await using var host = postgres ? await TestHost.OnPostgres() : await TestHost.Start();
        var owner = await host.Owner();
        var plan = await Plan(host);
        var store = host.Get<ScheduleStore>();
        var nightly = await Add(host, plan, "Nightly", "0 2 * * *");
        var often = await Add(host, plan, "Often", "* * * * *");
        await store.Pause(OrganizationId.Default, Actor.System, await Add(host, plan, "Resting", "0 3 * * *"), default);
        var day = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime).AddDays(3);
        var (from, to) = ($"{day:yyyy-MM-dd}T00:00:00Z", $"{day.AddDays(2):yyyy-MM-dd}T00:00:00Z");

        var month = await owner.Get($"/jobs/upcoming?on={day:yyyy-MM-dd}");
        var list = await owner.Get($"/jobs/upcoming?view=day&on={day:yyyy-MM-dd}&zone=UTC");
        using var viewer = await ApiCaller.As(host, Role.Viewer);
        var first = await viewer.Get($"schedules/upcoming?from={from}&to={to}&size=3");
        var second = await viewer.Get($"schedules/upcoming?from={from}&to={to}&size=3&after={Uri.EscapeDataString(first.Json.GetProperty("next").GetString()!)}");

        Assert.Contains(month.Page.QuerySelectorAll("table.day-grid li a"), link => link.GetAttribute("href") == $"/jobs/schedules/{nightly}" && link.TextContent.Contains("02:00", StringComparison.Ordinal));
        Assert.DoesNotContain("Resting", month.Text, StringComparison.Ordinal);
        Assert.Equal(["00:00", "02:00"], list.Page.QuerySelectorAll("tbody tr td:first-child").Select(cell => cell.TextContent));
        Assert.Contains("1,440 times until 23:59", list.Text, StringComparison.Ordinal);
        Assert.Equal([often, nightly, often, nightly], first.Items.Concat(second.Items).Select(item => item.GetProperty("id").GetString()));
        Assert.Equal(1440, first.Items[0].GetProperty("times").GetInt32());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, second.Json.GetProperty("next").ValueKind);
        var refused = await viewer.Get($"schedules/upcoming?from={to}&to={from}");
        Assert.Equal(400, refused.Status);
        Assert.Contains("later than from", refused.Detail, StringComparison.Ordinal);
        Assert.Contains("\"soon\" cannot be read as from. Write a moment", (await viewer.Get("schedules/upcoming?from=soon")).Detail, StringComparison.Ordinal);
        Assert.Contains("\"many\" cannot be read as size.", (await viewer.Get("schedules/upcoming?size=many")).Detail, StringComparison.Ordinal);
        Assert.Contains("is no day", (await owner.Get("/jobs/upcoming?on=tomorrow")).Text, StringComparison.Ordinal);
        Assert.Contains("There is no time zone", (await owner.Get("/jobs/upcoming?zone=Mars/Base")).Text, StringComparison.Ordinal);
        Assert.Contains("That is over", (await owner.Get("/jobs/upcoming?view=week&on=2020-01-01")).Text, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_month_of_two_thousand_schedules_by_the_minute_is_a_line_a_day_and_schedule_and_a_small_page(bool postgres)
    {
        await using var host = postgres ? await TestHost.OnPostgres() : await TestHost.Start();
        var owner = await host.Owner();
        var one = await Add(host, await Plan(host), "often", "* * * * *");
        var now = TimeProvider.System.GetUtcNow();
        var first = new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1);
        await host.Get<Database>().Write(transaction => transaction.Connection!.ExecuteAsync(CopiesSql, new { one, first = first.ToUnixTimeMilliseconds() }, transaction), default);
        var range = new ComingRange(first, first.AddMonths(1), TimeZoneInfo.Utc);

        var (days, more) = await host.Get<ComingStarts>().Days(OrganizationId.Default, house: true, range, default).WaitAsync(TimeSpan.FromSeconds(30));
        var month = await owner.Get($"/jobs/upcoming?on={first:yyyy-MM-dd}&zone=UTC").WaitAsync(TimeSpan.FromSeconds(30));

        var each = (first.AddMonths(1) - first).Days;
        Assert.Equal((each, true), (days.Count, more));
        // The days that are worked out before the budget is spent are counted, those after it are only seen to be many.
        Assert.All(days, day => Assert.Equal(ComingStarts.MostSchedules, day.Count()));
        Assert.InRange(days.Sum(day => day.Sum(start => start.Times)), 60_000, 60_000 + (each * ComingStarts.MostSchedules * (ComingStarts.MostSingle + 1)));
        // The weeks that the month lies in are shown whole.
        Assert.InRange(month.Page.QuerySelectorAll("table.day-grid li a").Count(link => link.TextContent == "1,996 more"), each, each + 12);
        Assert.Contains("Only the 2,000 schedules that start next", month.Text, StringComparison.Ordinal);
        Assert.InRange(month.Text.Length, 1_000, 200_000);
    }

    private const string CopiesSql = """
        insert into schedules (id, organization_id, name, action, subject, cron, zone, jitter_seconds, missed, missed_most, overlap, blackouts, due_at, start_at, created_at)
        with recursive steps (step) as (select 1 union all select step + 1 from steps where step < 2100)
        select id || step, organization_id, name || step, action, subject, cron, zone, jitter_seconds, missed, missed_most, overlap, blackouts, @first, @first, created_at
        from schedules cross join steps where id = @one
        """;

    private static ScheduleRow Row(string cron) => Known(new ScheduleRow
    {
        Id = "s1", Organization = OrganizationId.Default, Name = "Nightly", Action = "back-up", Subject = "p1", Cron = cron, Zone = "UTC", Missed = MissedRuns.Once, Overlap = Overlap.Skip, Blackouts = "",
        CreatedAt = Now,
    }, Now);

    /// As the clock would have it at that moment.
    private static ScheduleRow Known(ScheduleRow row, DateTimeOffset now)
    {
        var (due, start) = row.Times.From(now.AddDays(-9)).First(next => next.Start >= now);
        return row with { DueAt = due, StartAt = start };
    }

    private static DateTimeOffset? At(string? moment) => moment is null ? null : DateTimeOffset.Parse(moment, CultureInfo.InvariantCulture);

    private static Task<string> Add(TestHost host, string plan, string name, string cron) => host.Get<ScheduleStore>().Add(
        OrganizationId.Default, Actor.System, new ScheduleSettings { Name = name, Action = "back-up", Subject = plan, Cron = cron }, default);

    private static async Task<string> Plan(TestHost host)
    {
        var server = await host.Get<ServerStore>().Add(OrganizationId.Default, new ServerDraft { Name = "here", Kind = ServerKind.Local }, Actor.System, default);
        var repository = await host.Get<RepositoryStore>().Add(OrganizationId.Default, Actor.System, new NewRepository("safe", "local", $$"""{"path":"{{host.Data}}/safe"}"""), null, default);
        return await host.Get<PlanStore>().Add(OrganizationId.Default, Actor.System, new PlanSettings { Name = "shop", ServerId = server, RepositoryId = repository, Kind = "postgres" }, default);
    }
}
