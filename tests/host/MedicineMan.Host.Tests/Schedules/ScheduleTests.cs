using Dapper;
using MedicineMan.Host.Data;
using MedicineMan.Host.Schedules;
using MedicineMan.Host.Schedules.Times;
using MedicineMan.Host.Tests.Plugins.Capabilities;
using MedicineMan.Jobs;
using MedicineMan.Jobs.Pausing;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Schedules;

/// The clock makes one job for each due minute of a plugin's schedule.
public sealed class ScheduleTests
{
    // Far ahead of the host's own clock, which ticks as well.
    private static readonly DateTimeOffset Noon = new(2100, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Each_due_minute_makes_one_job_however_often_and_from_where_the_clock_ticks(bool postgres)
    {
        await using var curious = await CuriousHost.Start(postgres);
        var schedules = curious.Host.Get<PluginSchedules>();

        await Begin(curious, Noon.AddMinutes(1));
        for (var minute = 2; minute <= 11; minute++)
        {
            var at = Noon.AddMinutes(minute).AddSeconds(minute);
            await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => schedules.Tick(at, CancellationToken.None)));
            await AllEnded(curious);
        }

        var jobs = await Notes(curious);
        Assert.Equal(2, jobs.Count);
        Assert.All(jobs, job => Assert.Contains("from the clock", job.Arguments, StringComparison.Ordinal));
        await Eventually.Holds(async () => await curious.Ask("store", ("key", $"note:{jobs[0].Id}")) == "from the clock");
    }

    [Fact]
    public async Task While_one_from_the_clock_waits_there_is_no_second()
    {
        await using var curious = await CuriousHost.Start();
        var schedules = curious.Host.Get<PluginSchedules>();
        await curious.Host.Get<Database>().Write(
            transaction => curious.Host.Get<JobPauses>().Pause(transaction, new JobPause("default", PauseKind.Type, "plugin:tests.curious/note"), "Ada", default), default);
        await Begin(curious, Noon.AddMinutes(1));

        for (var minute = 5; minute <= 60; minute += 5)
        {
            await schedules.Tick(Noon.AddMinutes(minute), CancellationToken.None);
        }

        Assert.Equal(JobState.Ready, Assert.Single(await Notes(curious)).State);
    }

    [Fact]
    public async Task What_the_manifest_allows_at_once_and_in_a_minute_holds_for_its_jobs()
    {
        await using var curious = await CuriousHost.Start(change: manifest => (manifest["contributes"]!["jobs"]![0]!["concurrency"], manifest["contributes"]!["jobs"]![0]!["perMinute"]) = (3, 30));
        await Begin(curious, Noon.AddMinutes(1));

        await curious.Host.Get<PluginSchedules>().Tick(Noon.AddMinutes(6), CancellationToken.None);

        var job = Assert.Single(await Notes(curious));
        Assert.Equal((3, "plugin:tests.curious/note", TimeSpan.FromMinutes(10)), (job.ConcurrencyLimit, job.ConcurrencyKey, job.TimeLimit));
        Assert.Equal(0.5, curious.Host.Get<JobHandlers>().Find(job.Type)!.Policy.PerSecond);
    }

    [Theory]
    [InlineData("once", 1)]
    [InlineData("skip", 0)]
    public async Task What_was_missed_is_caught_up_once_or_skipped_as_the_manifest_says(string catchUp, int made)
    {
        await using var curious = await CuriousHost.Start(change: manifest => manifest["contributes"]!["jobs"]![0]!["catchUp"] = catchUp);
        var schedules = curious.Host.Get<PluginSchedules>();

        await Begin(curious, Noon.AddMinutes(1));
        // Hours later, at a minute that is not due itself and whose neighbours were not either.
        await curious.Load(manifest => (manifest["contributes"]!["jobs"]![0]!["catchUp"], manifest["contributes"]!["jobs"]![0]!["cron"]) = (catchUp, "0 * * * *"));
        await schedules.Tick(Noon.AddHours(5).AddMinutes(30), CancellationToken.None);

        await AllEnded(curious);
        Assert.Equal(made, (await Notes(curious)).Count);
        await schedules.Tick(Noon.AddHours(6).AddMinutes(4), CancellationToken.None);
        Assert.Equal(made + 1, (await Notes(curious)).Count);
    }

    [Theory]
    [InlineData("* * * * *", "2026-03-01T12:07", true)]
    [InlineData("*/5 * * * *", "2026-03-01T12:05", true)]
    [InlineData("*/5 * * * *", "2026-03-01T12:06", false)]
    [InlineData("30 2 * * *", "2026-03-01T02:30", true)]
    [InlineData("30 2 * * *", "2026-03-01T14:30", false)]
    [InlineData("0 0 1 * *", "2026-03-01T00:00", true)]
    [InlineData("0 0 1 * *", "2026-03-02T00:00", false)]
    [InlineData("0 9-17 * * 1-5", "2026-03-02T09:00", true)]
    [InlineData("0 9-17 * * 1-5", "2026-03-01T09:00", false)]
    [InlineData("15,45 * * 2,3 *", "2026-03-01T12:45", true)]
    [InlineData("15,45 * * 2,3 *", "2026-04-01T12:45", false)]
    [InlineData("0 0 * * 0", "2026-03-01T00:00", true)]
    public void A_cron_is_due_when_it_says(string fields, string at, bool due)
    {
        Assert.True(Cron.IsValid(fields));
        Assert.Equal(due, new Cron(fields).IsDue(DateTimeOffset.Parse(at + "Z", System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("* * * *")]
    [InlineData("* * * * * *")]
    [InlineData("60 * * * *")]
    [InlineData("* 24 * * *")]
    [InlineData("* * 32 * *")]
    [InlineData("* * * 13 *")]
    [InlineData("x * * * *")]
    [InlineData("*/0 * * * *")]
    [InlineData("*/ * * * *")]
    [InlineData("5-1 * * * *")]
    [InlineData("@daily")]
    public void A_cron_that_means_nothing_is_refused(string fields) => Assert.False(Cron.IsValid(fields));

    [Fact]
    public async Task A_schedule_that_was_never_seen_begins_with_the_next_minute()
    {
        await using var curious = await CuriousHost.Start(change: manifest => manifest["contributes"]!["jobs"]![0]!["cron"] = "* * * * *");
        var now = TimeProvider.System.GetUtcNow();

        await curious.Host.Get<PluginSchedules>().Tick(now, CancellationToken.None);
        await curious.Host.Get<PluginSchedules>().Tick(now, CancellationToken.None);
        await curious.Host.Get<PluginSchedules>().Tick(now.AddMinutes(1), CancellationToken.None);
        Assert.Single(await Notes(curious));
        await AllEnded(curious);

        // Two minutes passed while nothing ran: the latest makes up for the other.
        await curious.Host.Get<PluginSchedules>().Tick(now.AddMinutes(3), CancellationToken.None);
        Assert.Equal(2, (await Notes(curious)).Count);
    }

    [Fact]
    public async Task The_clock_of_the_host_ticks_by_itself()
    {
        await using var curious = await CuriousHost.Start(change: manifest => manifest["contributes"]!["jobs"]![0]!["cron"] = "* * * * *");
        await Begin(curious, DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 60 * 60));

        // Its first tick comes within a minute.
        await Eventually.Holds(async () => (await Notes(curious)).Count > 0, seconds: 90);

        Assert.Single(await Notes(curious));
    }

    [Fact]
    public async Task The_list_of_schedules_names_what_plugins_have_started_in_which_zone_and_when_next()
    {
        await using var curious = await CuriousHost.Start();
        Assert.Equal(Noon.AddMinutes(5), Assert.Single(curious.Host.Get<PluginSchedules>().Times(Noon)).Next);

        var row = (await curious.Owner.Get("/jobs/schedules")).Page.QuerySelector("#by-plugins tbody tr")!;
        Assert.Equal("/settings/plugins/tests.curious", row.QuerySelector("a")!.GetAttribute("href"));
        Assert.Equal(["Curious", "note", "*/5 * * * * UTC"], row.QuerySelectorAll("td").Take(3).Select(cell => cell.TextContent.Trim()));
        Assert.NotNull(row.QuerySelector("time[datetime]"));
        Assert.Contains("job note at */5 * * * * UTC", (await curious.Owner.Get("/settings/plugins/tests.curious")).Text, StringComparison.Ordinal);
        Assert.Contains("exec echo, sleep, cat", (await curious.Owner.Get("/settings/plugins/tests.curious")).Text, StringComparison.Ordinal);
    }

    private static Task<int> Begin(CuriousHost curious, DateTimeOffset at) => curious.Host.Get<Database>().Write(
        transaction => transaction.Connection!.ExecuteAsync("""
            insert into plugin_schedules (organization_id, plugin_id, job_id, minute) values ('default', 'tests.curious', 'note', @at)
            on conflict (organization_id, plugin_id, job_id) do update set minute = excluded.minute
            """, new { at }, transaction), CancellationToken.None);

    private static Task AllEnded(CuriousHost curious) => Eventually.Holds(async () => (await Notes(curious)).All(job => job.EndedAt is not null));

    private static async Task<IReadOnlyList<JobRow>> Notes(CuriousHost curious) =>
        [.. (await curious.Host.Get<JobQueue>().Page("default", new JobFilter(), null, 100, CancellationToken.None)).Where(job => job.Type == "plugin:tests.curious/note")];
}
