using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Schedules;
using MedicineMan.Host.Tests.Data;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace MedicineMan.Host.Tests.Schedules;

/// Many clocks on one database: each due time is started once, and what could not be is made up for as the schedule says.
public abstract class DueSchedulesTests : IAsyncLifetime
{
    private static readonly OrganizationId Here = OrganizationId.Default;
    private static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider time = new(Noon);
    private readonly List<string> started = [];
    private TestDatabase database = null!;
    private ScheduleStore store = null!;
    private bool busy;
    private string? refusal;

    private protected abstract Task<TestDatabase> Open();

    public async Task InitializeAsync()
    {
        database = await Open();
        store = new ScheduleStore(database.Database, database.Audit, time);
    }

    public async Task DisposeAsync() => await database.DisposeAsync();

    [SkippableFact]
    public async Task Each_due_time_is_started_once_however_many_clocks_tick()
    {
        var id = await Add(DueTimesTests.Settings("*/5 * * * *", "UTC"));
        var clocks = Enumerable.Range(0, 4).Select(_ => Clock()).ToArray();

        for (var minute = 1; minute <= 31; minute++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            await Task.WhenAll(clocks.Select(clock => Task.Run(() => clock.Tick(time.GetUtcNow(), default))));
        }

        Assert.Equal(Enumerable.Range(1, 6).Select(five => $"12:{five * 5:00} started"), await Outcomes(id));
        Assert.Equal(6, started.Count);
        Assert.Equal(Noon.AddMinutes(35), (await store.Find(Here, id, default))!.StartAt);
        Assert.Null(await database.Audit.FirstBroken(Here, default));
    }

    [SkippableTheory]
    [InlineData("skip", 0, "15:00 missed")]
    [InlineData("once", 1, "14:00 missed,15:00 started")]
    [InlineData("all", 2, "13:00 missed,14:00 started,15:00 started")]
    public async Task What_passed_while_no_clock_ticked_is_made_up_for_as_the_schedule_says(string missed, int starts, string outcomes)
    {
        var id = await Add(DueTimesTests.Settings("0 * * * *", "UTC") with { Missed = Enum.Parse<MissedRuns>(missed, ignoreCase: true), MissedMost = 2 });
        time.Advance(TimeSpan.FromHours(3.5));

        await Clock().Tick(time.GetUtcNow(), default);
        await Clock().Tick(time.GetUtcNow(), default);

        Assert.Equal(starts, started.Count);
        Assert.Equal(outcomes, string.Join(',', await Outcomes(id)));
        Assert.Equal(Noon.AddHours(4), (await store.Find(Here, id, default))!.StartAt);
    }

    [SkippableFact]
    public async Task What_is_due_now_makes_up_for_what_was_missed_once()
    {
        var id = await Add(DueTimesTests.Settings("0 * * * *", "UTC"));
        time.Advance(TimeSpan.FromHours(3).Add(TimeSpan.FromSeconds(2)));

        await Clock().Tick(time.GetUtcNow(), default);

        Assert.Equal(["14:00 missed", "15:00 started"], await Outcomes(id));
    }

    [SkippableTheory]
    [InlineData("skip", "12:09 missed,12:10 started")]
    [InlineData("once", "12:09 missed,12:10 started")]
    [InlineData("all", "12:07 missed,12:08 started,12:09 started,12:10 started")]
    public async Task After_a_short_standstill_the_latest_starts_and_those_before_it_were_missed(string missed, string outcomes)
    {
        var id = await Add(DueTimesTests.Settings("* * * * *", "UTC") with { Missed = Enum.Parse<MissedRuns>(missed, ignoreCase: true), MissedMost = 2 });
        time.Advance(TimeSpan.FromMinutes(10.8));
        await Clock().Tick(time.GetUtcNow(), default);
        Assert.Equal(outcomes, string.Join(',', await Outcomes(id)));

        var late = await Add(DueTimesTests.Settings("*/5 * * * * *", "UTC") with { Name = "often", Missed = Enum.Parse<MissedRuns>(missed, ignoreCase: true) });
        time.Advance(TimeSpan.FromSeconds(21));
        await Clock().Tick(time.GetUtcNow(), default);
        Assert.Equal(4, (await Outcomes(late)).Count(outcome => outcome.EndsWith("started", StringComparison.Ordinal)));
    }

    [SkippableFact]
    public async Task While_the_one_before_goes_on_the_next_is_left_out_or_waits_for_its_end()
    {
        var (skips, waits) = (await Add(DueTimesTests.Settings("*/2 * * * *", "UTC")), await Add(DueTimesTests.Settings("*/2 * * * *", "UTC") with { Name = "patient", Overlap = Overlap.After }));
        busy = true;
        for (var tick = 0; tick < 6; tick++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            await Clock().Tick(time.GetUtcNow(), default);
        }

        Assert.Equal(["12:02 skipped", "12:04 skipped", "12:06 skipped"], await Outcomes(skips));
        Assert.Empty(await Outcomes(waits));
        Assert.True((await store.Find(Here, waits, default))!.Waiting);

        busy = false;
        time.Advance(TimeSpan.FromMinutes(1));
        await Clock().Tick(time.GetUtcNow(), default);

        Assert.Equal(["12:02 started"], await Outcomes(waits));
        Assert.Equal((false, (DateTimeOffset?)Noon.AddMinutes(8)), ((await store.Find(Here, waits, default))!.Waiting, (await store.Find(Here, waits, default))!.StartAt));
        Assert.Single(started);
    }

    [SkippableFact]
    public async Task What_a_blackout_holds_back_is_started_once_at_its_end()
    {
        var id = await Add(DueTimesTests.Settings("*/10 * * * *", "UTC") with { Blackouts = "12:05-12:45" });
        for (var tick = 0; tick < 50; tick++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            await Clock().Tick(time.GetUtcNow(), default);
        }

        Assert.Equal(["12:40 started", "12:50 started"], await Outcomes(id));
        Assert.Equal(2, started.Count);
    }

    [SkippableFact]
    public async Task A_pause_starts_nothing_and_nothing_of_it_is_made_up_for()
    {
        var id = await Add(DueTimesTests.Settings("0 * * * *", "UTC") with { Missed = MissedRuns.All });
        Assert.True(await store.Pause(Here, Actor.System, id, default));
        Assert.False(await store.Pause(Here, Actor.System, id, default));
        time.Advance(TimeSpan.FromHours(5.5));
        await Clock().Tick(time.GetUtcNow(), default);
        Assert.True(await store.Resume(Here, Actor.System, id, default));
        await Clock().Tick(time.GetUtcNow(), default);
        Assert.Empty(started);

        time.Advance(TimeSpan.FromHours(0.5));
        await Clock().Tick(time.GetUtcNow(), default);

        Assert.Equal(["18:00 started"], await Outcomes(id));
    }

    [SkippableFact]
    public async Task One_that_is_refused_says_why_and_the_others_are_started()
    {
        refusal = "The plan is gone.";
        var failing = await Add(DueTimesTests.Settings("* * * * *", "UTC"));
        time.Advance(TimeSpan.FromMinutes(1));
        await Clock().Tick(time.GetUtcNow(), default);
        refusal = null;
        time.Advance(TimeSpan.FromMinutes(1));
        await Clock().Tick(time.GetUtcNow(), default);

        Assert.Equal(["12:01 failed", "12:02 started"], await Outcomes(failing));
        Assert.Equal("The plan is gone.", (await store.Starts(Here, failing, null, 10, default)).Items[1].Reason);
    }

    [SkippableFact]
    public async Task Another_organisation_sees_nothing_of_it_and_changes_nothing()
    {
        var id = await Add(DueTimesTests.Settings("0 * * * *", "UTC"));
        var others = new OrganizationId("other");

        Assert.Null(await store.Find(others, id, default));
        Assert.Empty((await store.Page(others, null, null, 10, default)).Items);
        Assert.Empty((await store.Starts(others, id, null, 10, default)).Items);
        await Assert.ThrowsAsync<GoneException>(() => store.Pause(others, Actor.System, id, default));
        await Assert.ThrowsAsync<GoneException>(() => store.Remove(others, Actor.System, id, default));
        Assert.NotNull(await store.Find(Here, id, default));
    }

    private Task<string> Add(ScheduleSettings settings) => store.Add(Here, Actor.System, settings, default);

    private DueSchedules Clock() => new(database.Database, new ScheduleActions([new ScheduledAction(
        "test", "Test",
        (_, _, _, subject, _) =>
        {
            if (refusal is not null)
            {
                throw new Sdk.UserFacingException(refusal);
            }

            lock (started)
            {
                started.AddRange(busy ? [] : [subject]);
            }

            return Task.FromResult(busy ? null : "/somewhere");
        },
        (_, subject, _) => Task.FromResult<string?>(subject), subject => $"/{subject}")]), database.Audit, NullLogger<DueSchedules>.Instance);

    private async Task<IEnumerable<string>> Outcomes(string id) =>
        (await store.Starts(Here, id, null, 100, default)).Items.Reverse().Select(start => $"{start.DueAt.UtcDateTime:HH:mm} {start.Outcome}").ToList();
}

public sealed class SqliteDueSchedulesTests : DueSchedulesTests
{
    private protected override Task<TestDatabase> Open() => TestDatabase.Sqlite();
}

public sealed class PostgresDueSchedulesTests : DueSchedulesTests
{
    private protected override Task<TestDatabase> Open() => TestDatabase.Postgres();
}
