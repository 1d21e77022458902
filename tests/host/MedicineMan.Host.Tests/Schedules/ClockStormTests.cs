using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Schedules;
using MedicineMan.Host.Tests.Data;

namespace MedicineMan.Host.Tests.Schedules;

/// Clocks in processes of their own, which are killed and set forth and back: nothing due is missed and nothing is started twice. MEDICINEMAN_LONG=1 makes minutes of it.
public abstract class ClockStormTests : IAsyncLifetime
{
    private const int Clocks = 4;
    private static readonly TimeSpan Long = Environment.GetEnvironmentVariable("MEDICINEMAN_LONG") == "1" ? TimeSpan.FromMinutes(5) : TimeSpan.FromSeconds(15);
    private static readonly OrganizationId Here = OrganizationId.Default;

    private TestDatabase database = null!;

    private protected abstract Task<TestDatabase> Open();

    public async Task InitializeAsync() => database = await Open();

    public async Task DisposeAsync() => await database.DisposeAsync();

    [SkippableFact]
    public async Task Clocks_that_die_and_jump_start_each_due_time_exactly_once()
    {
        var store = new ScheduleStore(database.Database, database.Audit, TimeProvider.System);
        var schedules = new Dictionary<string, (int Seconds, DateTimeOffset First)>();
        foreach (var seconds in new[] { 1, 1, 2, 5 })
        {
            var settings = DueTimesTests.Settings($"*/{seconds} * * * * *", "UTC") with { Name = $"{schedules.Count}", Subject = $"subject {schedules.Count}", Missed = MissedRuns.All, MissedMost = 100 };
            var id = await store.Add(Here, Actor.System, settings, default);
            schedules[id] = (seconds, (await store.Find(Here, id, default))!.DueAt!.Value);
        }

        var (kills, jumps) = await Storm();
        await ClockProcess.Clock(database.Database).Tick(TimeProvider.System.GetUtcNow(), default);

        Assert.True(kills > 3 && jumps > 3, $"{kills} kills and {jumps} jumps are too few.");
        await using var connection = await database.Database.OpenRead(default);
        foreach (var (id, (seconds, first)) in schedules)
        {
            var starts = (await connection.QueryAsync<(long Due, string Outcome)>("select due_at, outcome from schedule_starts where schedule_id = @id order by due_at", new { id })).ToList();
            var next = (await store.Find(Here, id, default))!;
            var expected = Enumerable.Range(0, starts.Count).Select(number => first.AddSeconds(number * seconds).ToUnixTimeMilliseconds());
            Assert.Equal(expected, starts.Select(start => start.Due));
            Assert.All(starts, start => Assert.Equal("started", start.Outcome));
            Assert.Equal(first.AddSeconds(starts.Count * seconds), next.DueAt);
            Assert.InRange(starts.Count, Long.TotalSeconds / seconds * 0.9, double.MaxValue);
            Assert.Equal(starts.Count, await connection.ExecuteScalarAsync<int>("select count(*) from jobs where server_id = @Subject", new { next.Subject }));
        }
    }

    private async Task<(int Kills, int Jumps)> Storm()
    {
        var clocks = Enumerable.Range(0, Clocks).Select(_ => new ClockProcess(database.ConnectionString)).ToList();
        try
        {
            clocks.ForEach(clock => clock.Start());
            var (kills, jumps) = (0, 0);
            for (var end = DateTime.UtcNow + Long; DateTime.UtcNow < end; await Task.Delay(Random.Shared.Next(200, 800)))
            {
                var clock = clocks[Random.Shared.Next(Clocks)];
                if (Random.Shared.Next(2) == 0)
                {
                    await clock.Kill();
                    clock.Start();
                    kills++;
                }
                else
                {
                    clock.SetOff(Random.Shared.Next(-60, 60));
                    jumps++;
                }
            }

            return (kills, jumps);
        }
        finally
        {
            clocks.ForEach(clock => clock.Dispose());
        }
    }
}

public sealed class SqliteClockStormTests : ClockStormTests
{
    private protected override Task<TestDatabase> Open() => TestDatabase.Sqlite();
}

public sealed class PostgresClockStormTests : ClockStormTests
{
    private protected override Task<TestDatabase> Open() => TestDatabase.Postgres();
}
