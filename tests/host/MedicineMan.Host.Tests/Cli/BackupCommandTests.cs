using System.Diagnostics;
using System.Text.Json;
using MedicineMan.Host.Access;
using MedicineMan.Host.Tests.Api;
using MedicineMan.Testbed;
using Npgsql;

namespace MedicineMan.Host.Tests.Cli;

/// A real database, backed up, proven and restored from the command line.
public sealed class BackupCommandTests
{
    [SkippableFact]
    public async Task A_database_is_backed_up_proven_and_restored_by_commands()
    {
        await using var postgres = await PostgresServer.Start();
        await using var host = await TestHost.Start();
        var token = await Prepared(host, postgres);

        var backup = Run("backup", "run", "shop", "--wait", "--json");
        var id = JsonDocument.Parse(backup.Output).RootElement.GetProperty("id").GetString()!;
        string[] restore = ["restore", id, "--item", "shop", "--to-server", "here", "--as", "shop copy", "--wait"];

        Assert.True(backup.Code == 0 && JsonDocument.Parse(backup.Output).RootElement.GetProperty("state").GetString() == "proven", backup.Error + backup.Output);
        var tried = Run([.. restore, "--dry-run"]);
        Assert.True(tried.Code == 0, tried.Error);
        Assert.Equal(0, await postgres.Query<long>("select count(*) from pg_database where datname = 'shop copy'"));
        var done = Run(restore);
        Assert.True(done.Code == 0, done.Error);
        Assert.Equal(500, await postgres.Query<long>("select count(*) from orders", "shop copy"));

        await postgres.Execute("delete from orders", "shop copy");
        var twice = Run(restore);
        var unconfirmed = Run([.. restore, "--replace", "--confirm", "shop"]);
        Assert.True(twice.Code == 1 && unconfirmed.Code == 1, twice.Error + unconfirmed.Error);
        Assert.Equal(0, await postgres.Query<long>("select count(*) from orders", "shop copy"));
        var replaced = Run([.. restore, "--replace", "--confirm", "shop copy"]);
        Assert.True(replaced.Code == 0, replaced.Error);
        Assert.Equal(500, await postgres.Query<long>("select count(*) from orders", "shop copy"));
        var one = Run("restore", id, "--item", "shop", "--to-server", "here", "--as", "one table", "--table", "public.orders", "--wait");
        Assert.True(one.Code == 0, one.Error);
        Assert.Equal(500, await postgres.Query<long>("select count(*) from orders", "one table"));
        Assert.Contains("proven", Run("backup", "list", "--plan", "shop").Output, StringComparison.Ordinal);

        (int Code, string Output, string Error) Run(params string[] arguments) => CommandTests.Remote(host, token, arguments);
    }

    [SkippableFact]
    public async Task Interrupting_a_command_cancels_its_job_and_leaves_no_snapshot()
    {
        Skip.If(OperatingSystem.IsWindows(), "There is no SIGINT to send.");
        await using var postgres = await PostgresServer.Start();
        await using var host = await TestHost.Start();
        var token = await Prepared(host, postgres);
        await using var holder = new NpgsqlConnection(postgres.ConnectionString("shop"));
        await holder.OpenAsync();
        await using var transaction = await holder.BeginTransactionAsync();
        await using var locking = new NpgsqlCommand("lock table orders in access exclusive mode", holder, transaction);
        await locking.ExecuteNonQueryAsync();

        // A shell starts what runs in its background deaf to interruptions, and so would be all that these tests start.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", Path.Combine(AppContext.BaseDirectory, "medicineman"), "backup", "run", "shop", "--wait"]) { RedirectStandardError = true, RedirectStandardOutput = true };
        (start.Environment["MEDICINEMAN_URL"], start.Environment["MEDICINEMAN_TOKEN"]) = (host.Url.ToString(), token);
        using var command = Process.Start(start)!;
        using var caller = await ApiCaller.As(host, Role.Viewer);
        while ((await caller.Get("backups")).Items is not [var run] || run.GetProperty("dumpState").GetString() != "running")
        {
            Assert.False(command.HasExited);
            await Task.Delay(50);
        }

        Programs.Run("/bin/kill", ["-INT", command.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await command.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(2));

        // On a busy machine the command stops waiting before the dump has let go.
        var after = (await caller.Get("backups")).Items[0];
        for (var tries = 0; !after.GetProperty("final").GetBoolean() && tries < 600; tries++)
        {
            await Task.Delay(100);
            after = (await caller.Get("backups")).Items[0];
        }

        Assert.Equal((1, "cancelled"), (command.ExitCode, after.GetProperty("state").GetString()));
        Assert.False(after.TryGetProperty("snapshotId", out var snapshot) && snapshot.ValueKind is JsonValueKind.String);
    }

    /// A server, a repository and a plan for the database shop; returns a token.
    private static async Task<string> Prepared(TestHost host, PostgresServer postgres)
    {
        await postgres.Execute("create database shop");
        await postgres.Execute("create table orders (id int primary key, what text); insert into orders select i, 'thing ' || i from generate_series(1, 500) i", "shop");
        using var admin = await ApiCaller.As(host, Role.Admin);
        Assert.Equal(201, (await admin.Post("servers", new { name = "here", kind = "local" })).Status);
        var repository = await admin.Post("repositories", new { name = "safe", kind = "local", settings = new { path = Path.Combine(host.Data, "safe") } });
        Assert.Equal(201, repository.Status);
        while ((await admin.Get($"repositories/{repository.Id}")).Json.GetProperty("state").GetString() is "new")
        {
            await Task.Delay(50);
        }

        var token = await host.Get<ApiTokenStore>().Create(admin.Visitor, "cli", null, default);
        var plan = CommandTests.Remote(
            host, token, "plan", "add", "shop", "--server", "here", "--repository", "safe", "--host", postgres.SocketDirectory,
            "--port", postgres.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), "--user", "postgres", "--run-as", PostgresServer.SystemUser, "--item", "shop");
        Assert.True(plan.Code == 0, plan.Error);
        return token;
    }
}
