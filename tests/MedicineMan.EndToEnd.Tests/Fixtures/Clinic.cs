using System.Text.Json.Nodes;
using MedicineMan.Testbed;

namespace MedicineMan.EndToEnd.Tests.Fixtures;

/// A running program, somebody who may use it, and a real PostgreSQL to look after.
internal sealed class Clinic : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new("clinic");
    private readonly int port = Programs.FreePort();

    private Clinic(PostgresServer postgres) => Postgres = postgres;

    public PostgresServer Postgres { get; }

    public HostProcess Host { get; private set; } = null!;

    public Operator Operator { get; private set; } = null!;

    public string Data => folder["data"];

    public static async Task<Clinic> Open()
    {
        var clinic = await Unclaimed();
        await clinic.Claim();
        return clinic;
    }

    /// One that nobody has set up yet.
    public static async Task<Clinic> Unclaimed(params IReadOnlyList<(string Name, string Value)> environment)
    {
        var clinic = new Clinic(await PostgresServer.Start());
        clinic.Host = await HostProcess.Start(clinic.Data, clinic.port, environment);
        return clinic;
    }

    /// Makes the first administrator.
    public async Task Claim() => Operator = await Operator.First(Host);

    /// The same program on the same data and address, after it was killed.
    public async Task StartAgain()
    {
        await Host.DisposeAsync();
        Host = await HostProcess.Start(Data, port);
    }

    public async Task<string> ThisMachine() => Id(await Operator.Post("servers", new { name = "this machine", kind = "local" }));

    /// A repository made by stock restic, so that its password is known and restic can look into it.
    public async Task<Shelf> Shelf(string name, string password = "a password of the test")
    {
        var shelf = new Shelf(folder[name], password);
        shelf.Restic("init");
        shelf.Id = Id(await Operator.Post("repositories", new { name, kind = "local", settings = new { path = shelf.Path }, password }));
        var ready = await Operator.Until($"repositories/{shelf.Id}", row => Text(row, "state") is "ready" || row["error"] is not null);
        Assert.Equal("ready", Text(ready, "state"));
        return shelf;
    }

    /// A plan over TCP with the superuser's password, which works from every login.
    public async Task<string> Plan(string server, Shelf shelf, string database, string? password = null, string user = "postgres") => Id(await Operator.Post(
        "plans",
        new
        {
            name = $"{database} in {Path.GetFileName(shelf.Path)}", serverId = server, repositoryId = shelf.Id, kind = "postgres", host = "127.0.0.1", port = Postgres.Port, userName = user,
            password = password ?? PostgresServer.Password, items = new[] { database },
        }));

    public async Task<string> Start(string plan) => Id(await Operator.Post($"plans/{plan}/run"));

    /// Backs up and waits for dump, store and proof to end.
    public async Task<JsonNode> BackUp(string plan) => await Ended(await Start(plan));

    public Task<JsonNode> Ended(string run) => Operator.Until($"backups/{run}", row => row["final"]!.GetValue<bool>());

    public Task<JsonNode> JobEnded(string job) => Operator.Until($"jobs/{job}", row => row["endedAt"] is not null);

    public async Task Proven(JsonNode run) =>
        Assert.True(Text(run, "state") == "proven", $"{run}\n{(run["proveJobId"] is { } job ? await Operator.Get($"jobs/{job}/log") : null)}\n{await Operator.Get($"jobs/{run["dumpJobId"]}/log")}");

    /// Returns in the middle of a dump: some of a table has been sent, most of it has not.
    public async Task InTheDump()
    {
        var deadline = TimeProvider.System.GetUtcNow().AddMinutes(2);
        while (await Postgres.Query<long>("select coalesce(max(bytes_processed), 0) from pg_stat_progress_copy where command = 'COPY TO'") < 4_000_000)
        {
            Assert.True(TimeProvider.System.GetUtcNow() < deadline, "The dump never came.");
            await Task.Delay(5);
        }
    }

    public Task<long> Scratch() => Postgres.Query<long>("select count(*) from pg_database where datname like 'medicineman%'");

    /// A table whose COPY text is about so many megabytes, different for each seed.
    public async Task Rows(string database, int megabytes, string seed = "")
    {
        await Postgres.Execute($"create database \"{database}\"");
        await Postgres.Execute(
            $"""
            create unlogged table readings (id bigint primary key, note text not null);
            insert into readings select n, md5('{seed}' || n) || md5(n || '{seed}') || repeat('x', 20) || md5('{seed}' || -n) || md5(-n || '{seed}') || repeat('abcdefghij', 11) from generate_series(1, {megabytes * 3800L}) n
            """,
            database);
    }

    public static string Id(JsonNode row) => Text(row, "id");

    public static string Text(JsonNode? row, string name) => row?[name]?.GetValue<string>() ?? "";

    public async ValueTask DisposeAsync()
    {
        Operator?.Dispose();
        await Host.DisposeAsync();
        await Postgres.DisposeAsync();
        folder.Dispose();
    }
}
