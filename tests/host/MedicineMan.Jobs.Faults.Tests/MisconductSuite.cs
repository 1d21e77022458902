using MedicineMan.Jobs.TestWorker;
using MedicineMan.Testbed;

namespace MedicineMan.Jobs.Faults.Tests;

/// Handlers that misbehave, in a worker that somebody starts again when it has died, with well-behaved jobs beside them.
public abstract class MisconductSuite
{
    private const int Neighbours = 40;

    [SkippableTheory]
    [InlineData("hang")]
    [InlineData("block")]
    public async Task A_handler_that_never_ends_and_heeds_nothing_is_abandoned_with_a_clear_state(string type)
    {
        await using var storm = await Start();
        var id = await storm.Ask(type, request => request with { TimeLimit = TimeSpan.FromSeconds(1), MaxAttempts = 2 });
        var cancelled = await storm.Ask(type);
        await storm.Neighbours(Neighbours);
        await storm.Ended(Neighbours, TimeSpan.FromSeconds(30));
        await storm.Is(cancelled, job => job.State == JobState.Running);
        Assert.True(await storm.Database.Write(transaction => storm.Queue.Cancel(transaction, Storm.Org, cancelled, default), default));

        var dead = await storm.Is(id, job => job.State == JobState.Dead);
        var stopped = await storm.Is(cancelled, job => job.State == JobState.Cancelled);

        Assert.Equal((2, 2), (dead.Attempt, dead.Failures));
        Assert.Contains("longer than its limit of 00:00:01", dead.Error, StringComparison.Ordinal);
        Assert.Contains("abandoned", dead.Error, StringComparison.Ordinal);
        Assert.Contains("abandoned", stopped.Error, StringComparison.Ordinal);
        Assert.Equal(["failed", "failed"], (await storm.Queue.Attempts(Storm.Org, id, default)).Select(attempt => attempt.Outcome));

        // What was abandoned holds up neither those who come later, nor the end of the process.
        await storm.Neighbours(Neighbours);
        await storm.Ended(2 * Neighbours, TimeSpan.FromSeconds(30));
        Assert.Equal(0, await storm.Workers[0].End());
    }

    [SkippableFact]
    public async Task A_job_that_takes_its_process_down_is_kept_from_the_rest_after_two_crashes()
    {
        await using var storm = await Start();
        await storm.Neighbours(Neighbours);
        var id = await storm.Ask("throw-elsewhere", request => request with { MaxAttempts = 10 });
        using var over = new CancellationTokenSource();
        var watched = storm.StartAgainWhenDead(over.Token);

        var dead = await storm.Is(id, job => job.State == JobState.Dead);

        Assert.Equal(2, dead.Attempt);
        Assert.Equal(["lost", "lost"], (await storm.Queue.Attempts(Storm.Org, id, default)).Select(attempt => attempt.Outcome));
        Assert.NotEmpty(dead.Error!);
        // Those that were under way beside it both times may be suspected with it; nobody is lost.
        await storm.RetryDead(except: id);
        await storm.Ended(Neighbours, TimeSpan.FromSeconds(30));
        await over.CancelAsync();
        Assert.Equal(2, await watched);
    }

    [SkippableFact]
    public async Task A_handler_that_allocates_without_end_is_given_up_and_its_neighbours_are_done()
    {
        await using var storm = await Start(("DOTNET_GCHeapHardLimit", "0x8000000"));
        await storm.Neighbours(Neighbours);
        var id = await storm.Ask("allocate", request => request with { MaxAttempts = 2 });
        using var over = new CancellationTokenSource();
        var watched = storm.StartAgainWhenDead(over.Token);

        // It meets its limit as an exception, or the process does: either way it is dead after two attempts.
        var dead = await storm.Is(id, job => job.State == JobState.Dead, seconds: 60);

        Assert.Equal(2, dead.Attempt);
        await storm.RetryDead(except: id);
        await storm.Ended(Neighbours, TimeSpan.FromSeconds(30));
        await storm.Neighbours(Neighbours);
        await storm.Ended(2 * Neighbours, TimeSpan.FromSeconds(30));
        await over.CancelAsync();
        Assert.InRange(await watched, 0, 2);
    }

    [SkippableFact]
    public async Task A_handler_that_logs_without_end_leaves_a_bounded_log_and_its_neighbours_are_done()
    {
        await using var storm = await Start();
        var id = await storm.Ask("log", request => request with { TimeLimit = TimeSpan.FromSeconds(4), MaxAttempts = 1 });
        await storm.Neighbours(Neighbours);

        await storm.Ended(Neighbours, TimeSpan.FromSeconds(30));
        await storm.Is(id, job => job.State == JobState.Dead);

        var lines = await storm.Database.Query<long>("select count(*) from job_log where job_id = @id", new { id });
        Assert.Equal(new JobWorkerOptions().LogLines + 1, lines);
        Assert.Contains("not kept", Assert.Single(await storm.Queue.LogEnd(Storm.Org, id, 1, default)).Message, StringComparison.Ordinal);
        Assert.InRange(storm.Workers[0].Resident, 1, 400L << 20);
        Assert.Equal(0, await storm.Workers[0].End());
    }

    private async Task<Storm> Start(params (string Name, string Value)[] environment) => await Storm.Start(await NewDatabase(), 1, environment);

    private protected abstract Task<TestDatabase> NewDatabase();
}

public sealed class MisconductOnSqlite : MisconductSuite, IDisposable
{
    private readonly TemporaryFolder folder = new("misconduct");

    public void Dispose() => folder.Dispose();

    private protected override Task<TestDatabase> NewDatabase() => Task.FromResult(StormOnSqlite.FileDatabase(folder));
}

public sealed class MisconductOnPostgres(OnePostgres postgres) : MisconductSuite, IClassFixture<OnePostgres>
{
    private protected override Task<TestDatabase> NewDatabase() => postgres.NewDatabase();
}
