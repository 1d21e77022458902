using MedicineMan.Jobs.TestWorker;
using MedicineMan.Testbed;
using Npgsql;

namespace MedicineMan.Jobs.Faults.Tests;

/// On SQLite, which is for one node: three processes on its file are as many as its next life, a command of the operator's and a mistake come to. Ten would
/// mostly measure how SQLite's waiting for the one lock starves some of them.
public sealed class StormOnSqlite : StormSuite, IDisposable
{
    private readonly TemporaryFolder folder = new("storm");

    protected override int Workers => 3;

    /// Processes of one machine see the same time, right or wrong.
    protected override int Clocks => 1;

    public void Dispose() => folder.Dispose();

    private protected override Task<TestDatabase> NewDatabase() => Task.FromResult(FileDatabase(folder));

    internal static TestDatabase FileDatabase(TemporaryFolder folder) => new(SqlDialect.Sqlite, $"Data Source={folder["jobs.db"]};Pooling=false");
}

/// The same on PostgreSQL, and what can happen to a server.
public sealed class StormOnPostgres(OnePostgres postgres) : StormSuite, IClassFixture<OnePostgres>
{
    protected override int Workers => 10;

    protected override int Clocks => 10;

    [SkippableFact]
    public async Task A_database_restarted_under_them_loses_nothing_and_doubles_nothing()
    {
        await using var storm = await Start();
        await storm.Blow(Time(15, 120), Troubles.Restarts(await postgres.Server()));
        await storm.Settle();
    }

    [SkippableFact]
    public async Task Connections_cut_at_random_lose_nothing_and_double_nothing()
    {
        await using var storm = await Start();
        await storm.Blow(Time(15, 120), Troubles.Cuts);
        await storm.Settle();
    }

    [SkippableFact]
    public async Task All_of_it_together_loses_nothing_and_doubles_nothing()
    {
        await using var storm = await Start();
        await storm.Blow(Time(20, 300), Troubles.Kills, Troubles.Freezes, Troubles.ClockJumps, Troubles.Cuts, Troubles.Restarts(await postgres.Server()));
        await storm.Settle();
    }

    private protected override Task<TestDatabase> NewDatabase() => postgres.NewDatabase();
}

/// One server for all tests of a class, started by the first that needs it, so that a missing program skips that test.
public sealed class OnePostgres : IAsyncLifetime
{
    // Ten workers with a few connections each, and those of the killed that the server has not noticed yet.
    private const string Settings = "fsync=off\nshared_buffers=64MB\nmax_connections=200";

    private Task<PostgresServer>? server;

    public Task<PostgresServer> Server() => server ??= PostgresServer.Start(Settings);

    internal async Task<TestDatabase> NewDatabase()
    {
        var name = $"storm_{Guid.NewGuid():N}";
        await (await Server()).Execute($"create database {name}");
        var connection = new NpgsqlConnectionStringBuilder((await Server()).ConnectionString(name)) { Pooling = true, MaxPoolSize = 12 };
        return new TestDatabase(SqlDialect.Postgres, connection.ConnectionString);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (server is { IsCompletedSuccessfully: true })
        {
            await (await server).DisposeAsync();
        }
    }
}
