using MedicineMan.Jobs.TestWorker;
using MedicineMan.Testbed;
using Npgsql;

namespace MedicineMan.Jobs.Faults.Tests;

/// Whatever happens to workers and databases: every job's effect exactly once, none lost, none stuck. MEDICINEMAN_LONG=1 makes seconds minutes.
public abstract class StormSuite
{
    private static readonly bool IsLong = Environment.GetEnvironmentVariable("MEDICINEMAN_LONG") == "1";

    protected abstract int Workers { get; }

    /// How many of them can have a clock of their own.
    protected abstract int Clocks { get; }

    [SkippableFact]
    public async Task Workers_killed_at_random_lose_nothing_and_double_nothing()
    {
        await using var storm = await Start();
        await storm.Blow(Time(30, 300), Troubles.Kills);
        await storm.Settle();
    }

    [SkippableFact]
    public async Task Workers_frozen_past_their_leases_and_woken_cannot_act_any_more()
    {
        await using var storm = await Start();
        await storm.Blow(Time(15, 120), Troubles.Freezes);
        await storm.Settle();
        Assert.True(await storm.Database.Query<long>("select count(*) from refusals") > 0, "No woken worker tried to act.");
    }

    [SkippableFact]
    public async Task Clocks_that_jump_by_minutes_double_nothing_and_leave_nothing_stuck()
    {
        await using var storm = await Storm.Start(await NewDatabase(), Clocks);
        await storm.Blow(Time(15, 120), Troubles.ClockJumps);
        await storm.Settle();
    }

    private protected static TimeSpan Time(int seconds, int @long) => TimeSpan.FromSeconds(IsLong ? @long : seconds);

    private protected async Task<Storm> Start() => await Storm.Start(await NewDatabase(), Workers);

    private protected abstract Task<TestDatabase> NewDatabase();
}
