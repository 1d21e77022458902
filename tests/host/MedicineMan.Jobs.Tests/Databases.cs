using MedicineMan.Jobs.TestWorker;
using MedicineMan.Testbed;
using Npgsql;

namespace MedicineMan.Jobs.Tests;

/// The whole suite on a SQLite file.
public sealed class JobsOnSqlite : JobSuite, IDisposable
{
    private readonly TemporaryFolder folder = new("jobs");

    public void Dispose() => folder.Dispose();

    protected override Task<TestDatabase> NewDatabase() =>
        Task.FromResult(new TestDatabase(SqlDialect.Sqlite, $"Data Source={folder["jobs.db"]};Pooling=false"));
}

/// The whole suite again on a real PostgreSQL.
public sealed class JobsOnPostgres(OnePostgres postgres) : JobSuite, IClassFixture<OnePostgres>
{
    [SkippableFact]
    public async Task A_database_that_is_restarted_under_the_workers_loses_nothing_and_doubles_nothing()
    {
        await using var rig = await Rig.Start(NewDatabase());
        await using var theirs = new TestDatabase(SqlDialect.Postgres, rig.Database.ConnectionString);
        await using var after = new TestDatabase(SqlDialect.Postgres, rig.Database.ConnectionString);
        rig.Handlers.Register(new CountHandler(theirs, () => TimeSpan.FromMilliseconds(Random.Shared.Next(5, 50))));
        var ids = await Task.WhenAll(Enumerable.Range(0, 150).Select(_ => rig.Enqueue("count", request => request with { MaxAttempts = 100 })));
        await rig.WorkElsewhere(database: theirs);
        await rig.WorkElsewhere(database: theirs);
        await rig.Until(ids.Order(StringComparer.Ordinal).First(), JobState.Succeeded);

        var server = await postgres.Server();
        server.Stop();
        server.StartAgain();

        for (var end = DateTime.UtcNow.AddSeconds(60); await after.Query<long>("select count(*) from jobs where state = 'succeeded'") < 150;)
        {
            Assert.True(DateTime.UtcNow < end, "Jobs are missing.");
            await Task.Delay(50);
        }

        Assert.Equal(150, await after.Query<long>("select count(*) from effects"));
        Assert.Equal(150, await after.Query<long>("select count(*) from jobs where state = 'succeeded'"));
    }

    [SkippableFact]
    public async Task Many_of_which_one_cannot_be_written_are_not_added_and_leave_the_queue_in_order()
    {
        await using var rig = await Rig.Start(NewDatabase());
        foreach (var title in new[] { "\ud800", "\0" })
        {
            await Assert.ThrowsAnyAsync<Exception>(() => rig.EnqueueMany(Enumerable.Range(0, 100).Select(number => new JobRequest(Rig.Org, "work", "{}") { Title = number == 50 ? title : "good" })));
        }

        Assert.Empty(await rig.Queue.Page(Rig.Org, new(), null, 10, default));
        Assert.Equal(100, (await rig.EnqueueMany(Enumerable.Range(0, 100).Select(_ => new JobRequest(Rig.Org, "work", "{}")))).Count);
    }

    [SkippableFact]
    public async Task Of_jobs_that_come_together_from_very_many_organisations_workers_elsewhere_hear_at_once()
    {
        await using var rig = await Rig.Start(NewDatabase());
        rig.Handle("work", (_, _) => Task.CompletedTask);
        await rig.WorkElsewhere(Rig.Quick with { PollInterval = TimeSpan.FromMinutes(5) });
        await rig.Until(await rig.Enqueue(), JobState.Succeeded);

        // In one transaction, as many as a batch holds: more organisations than one notification has room for.
        await Task.WhenAll(Enumerable.Range(0, 900).Select(number => rig.Queue.Enqueue(new JobRequest($"{Guid.NewGuid():N}", "work", "{}"), default)));

        await Eventually.Holds(async () => await rig.Database.Query<long>("select count(*) from jobs where state = 'succeeded'") == 901, seconds: 20);
    }

    protected override async Task<TestDatabase> NewDatabase()
    {
        var server = await postgres.Server();
        var name = $"jobs_{Guid.NewGuid():N}";
        await server.Execute($"create database {name}");
        var connection = new NpgsqlConnectionStringBuilder(server.ConnectionString(name)) { Pooling = true, MaxPoolSize = 12 };
        return new TestDatabase(SqlDialect.Postgres, connection.ConnectionString);
    }
}

/// One server for all tests, started by the first test that needs it, so that a missing program skips that test.
public sealed class OnePostgres : IAsyncLifetime
{
    private Task<PostgresServer>? server;

    public Task<PostgresServer> Server() => server ??= PostgresServer.Start();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (server is { IsCompletedSuccessfully: true })
        {
            await (await server).DisposeAsync();
        }
    }
}
