using MedicineMan.Sdk;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Testing;
using MedicineMan.Testbed;

namespace MedicineMan.Plugins.Postgres.Tests;

/// What can go wrong, each against the real server: a sentence that says what and what next, and nothing else harmed.
public sealed class FaultTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Rows = "create table big as select i, repeat(md5(i::text), 8) as v from generate_series(1, 60000) i; create table small (id int primary key); insert into small values (1)";

    private readonly PostgresBackup backup = new();
    private readonly MemoryDump dump = new();

    [SkippableFact]
    public async Task A_table_one_may_not_read_fails_the_dump_and_names_it()
    {
        await postgres.Create("forbidden", Rows + "; create role weak login password 'pw:with\\odd'; grant select on big to weak");
        var weak = PostgresFixture.ByPassword(postgres.Server, "weak", "pw:with\\odd");
        var failure = await Fails(() => backup.DumpAsync(weak, ["forbidden"], dump, default));
        Assert.Contains("permission denied for table small", failure.Message, StringComparison.Ordinal);
        Assert.Contains("pg_read_all_data", failure.Message, StringComparison.Ordinal);
        Assert.True(failure.Permanent);
        Assert.DoesNotContain(dump.Paths, p => p.EndsWith("manifest.json", StringComparison.Ordinal));

        await postgres.Server.Execute("grant pg_read_all_data to weak", "forbidden");
        await backup.DumpAsync(weak, ["forbidden"], new MemoryDump(), default);
    }

    [SkippableFact]
    public async Task A_missing_tool_is_named_with_its_package()
    {
        var failure = await Fails(() => new PostgresBackup { ToolPlaces = ["/nowhere/*"] }.DiscoverAsync(
            postgres.Source with { Server = new WithoutPath(PostgresFixture.Runner) }, default));
        Assert.Contains("psql", failure.Message, StringComparison.Ordinal);
        Assert.Contains("postgresql-client", failure.Message, StringComparison.Ordinal);
        Assert.True(failure.Permanent);
    }

    [SkippableFact]
    public async Task A_wrong_password_is_said_without_showing_it()
    {
        var failure = await Fails(() => backup.DiscoverAsync(PostgresFixture.ByPassword(postgres.Server, "postgres", "hunter2"), default));
        Assert.Contains("password authentication failed", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Enter the right one", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", failure.ToString(), StringComparison.Ordinal);
        Assert.NotEmpty(await backup.DiscoverAsync(PostgresFixture.ByPassword(postgres.Server, "postgres", PostgresServer.Password), default));
    }

    [SkippableFact]
    public async Task A_missing_password_a_wrong_system_user_and_a_wrong_port_have_their_own_remedies()
    {
        var none = await Fails(() => backup.DiscoverAsync(postgres.Source with { Host = "127.0.0.1", RunAs = null }, default));
        Assert.Contains("asks for a password", none.Message, StringComparison.Ordinal);
        var port = await Fails(() => backup.DiscoverAsync(postgres.Source with { Port = Programs.FreePort() }, default));
        Assert.Contains("No PostgreSQL server answers there", port.Message, StringComparison.Ordinal);
        Assert.False(port.Permanent);
        Skip.IfNot(Programs.IsRoot, "Needs a second operating system user.");
        var peer = await Fails(() => backup.DiscoverAsync(postgres.Source with { RunAs = null }, default));
        Assert.Contains("run as", peer.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_database_dropped_during_its_dump_fails_it()
    {
        await postgres.Create("goes", Rows);
        var dropped = false;
        dump.OnWriting = async (path, bytes) =>
        {
            if (path[^1] == "public.big.copy" && bytes > 0 && !dropped)
            {
                dropped = true;
                await postgres.Server.Execute("drop database goes with (force)");
            }
        };
        var failure = await Fails(() => backup.DumpAsync(postgres.Source, ["goes"], dump, default));
        Assert.Contains("\"goes\" was dropped during the work", failure.Message, StringComparison.Ordinal);
        Assert.True(failure.Permanent);
        Assert.DoesNotContain(dump.Paths, p => p.EndsWith("big.copy", StringComparison.Ordinal) || p.EndsWith("manifest.json", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task A_holder_of_the_snapshot_that_is_ended_fails_the_dump()
    {
        await postgres.Create("holder", Rows);
        var ended = false;
        dump.OnWriting = async (path, _) =>
        {
            if (path[^1] == "sequences.sql" && !ended)
            {
                ended = true;
                await postgres.Server.Execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'holder' and state = 'idle in transaction'");
            }
        };
        Assert.Contains("sessions were ended", (await Fails(() => backup.DumpAsync(postgres.Source, ["holder"], dump, default))).Message, StringComparison.Ordinal);
        Assert.DoesNotContain(dump.Paths, p => p.EndsWith("manifest.json", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task A_server_killed_during_a_dump_fails_it_and_the_next_one_succeeds()
    {
        await using var server = await PostgresServer.Start();
        await server.Execute(Rows);
        var killed = false;
        dump.OnWriting = (path, bytes) =>
        {
            if (path[^1] == "public.big.copy" && bytes > 0 && !killed)
            {
                killed = true;
                server.Stop();
            }

            return Task.CompletedTask;
        };
        var failure = await Fails(() => backup.DumpAsync(PostgresFixture.Peer(server), ["postgres"], dump, default));
        // What breaks first is either the table under way or the connection for the next one.
        Assert.Matches("stopped or crashed|No PostgreSQL server answers", failure.Message);
        Assert.False(failure.Permanent);

        server.StartAgain();
        await backup.DumpAsync(PostgresFixture.Peer(server), ["postgres"], new MemoryDump(), default);
    }

    [SkippableFact]
    public async Task A_table_locked_by_others_is_not_waited_for_without_end()
    {
        await postgres.Create("locked", Rows);
        await using var blocker = new Npgsql.NpgsqlConnection(postgres.Server.ConnectionString("locked"));
        await blocker.OpenAsync();
        await using var transaction = await blocker.BeginTransactionAsync();
        await using (var command = new Npgsql.NpgsqlCommand("lock table small in access exclusive mode", blocker))
        {
            await command.ExecuteNonQueryAsync();
        }

        var failure = await Fails(() => new PostgresBackup { LockLimit = TimeSpan.FromMilliseconds(300) }.DumpAsync(postgres.Source, ["locked"], dump, default));
        Assert.Contains("Another session holds a lock", failure.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_cancelled_or_damaged_restore_leaves_the_target_and_no_remains()
    {
        await postgres.Create("stays", Rows);
        await backup.DumpAsync(postgres.Source, ["stays"], dump, default);
        await postgres.Server.Execute("insert into small values (2)", "stays");
        var before = await Databases();
        using var cancel = new CancellationTokenSource();
        dump.OnOpening = path => path[^1] == "public.small.copy" ? cancel.CancelAsync() : Task.CompletedTask;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            backup.RestoreAsync(postgres.Source, new RestoreOptions("stays", "stays") { Replace = true, WorkName = "medicineman_restore_1" }, dump, cancel.Token));
        Assert.Equal(before, await Databases());

        dump.OnOpening = null;
        var whole = dump["stays", "tables", "public.big.copy"];
        dump.Put(["stays", "tables", "public.big.copy"], whole[..(whole.Length / 2)].ToArray());
        var failure = await Fails(() => backup.RestoreAsync(postgres.Source, new RestoreOptions("stays", "stays") { Replace = true }, dump, default));
        Assert.Contains("public.big", failure.Message, StringComparison.Ordinal);
        await Fails(() => backup.RestoreAsync(postgres.Source, new RestoreOptions("stays", "new one"), dump, default));
        Assert.Equal(before, await Databases());
        Assert.Equal(2, await postgres.Server.Query<int>("select count(*) from small", "stays"));

        dump.Put(["stays", "tables", "public.big.copy"], whole.ToArray());
        await using var session = new Npgsql.NpgsqlConnection(postgres.Server.ConnectionString("stays"));
        await session.OpenAsync();
        await backup.RestoreAsync(postgres.Source, new RestoreOptions("stays", "stays") { Replace = true }, dump, default);
        Assert.Equal(1, await postgres.Server.Query<int>("select count(*) from small", "stays"));
        Assert.Equal(before, await Databases());
    }

    [SkippableFact]
    public async Task What_may_not_be_done_is_refused_before_anything_is_changed()
    {
        await postgres.Create("refuse", Rows + "; create role nobody_much login password 'pw'");
        await backup.DumpAsync(postgres.Source, ["refuse"], dump, default);
        var before = await Databases();
        var exists = await Fails(() => backup.RestoreAsync(postgres.Source, new RestoreOptions("refuse", "refuse"), dump, default));
        Assert.Contains("exists already", exists.Message, StringComparison.Ordinal);
        Assert.True(exists.Permanent);
        var part = await Fails(() => backup.RestoreAsync(postgres.Source, new RestoreOptions("refuse", "refuse") { Replace = true, Objects = ["public.small"] }, dump, default));
        Assert.Contains("single tables alone", part.Message, StringComparison.Ordinal);
        var weak = await Fails(() => backup.RestoreAsync(PostgresFixture.ByPassword(postgres.Server, "nobody_much", "pw"), new RestoreOptions("refuse", "other"), dump, default));
        Assert.Contains("CREATEDB", weak.Message, StringComparison.Ordinal);
        await Fails(() => backup.DropScratchAsync(postgres.Source, "refuse", default));
        await postgres.Server.Execute("create database medicineman_restore_left");
        await backup.DropScratchAsync(postgres.Source, "medicineman_restore_left", default);
        Assert.Equal(before, await Databases());
    }

    [SkippableFact]
    public async Task One_who_is_no_superuser_backs_up_and_restores_what_is_his()
    {
        await postgres.Create("his own", Rows + "; create role plain login createdb password 'pw'; alter table big owner to plain; alter table small owner to plain");
        await postgres.Server.Execute("alter database \"his own\" owner to plain");
        var plain = PostgresFixture.ByPassword(postgres.Server, "plain", "pw");
        await backup.DumpAsync(plain, ["his own"], dump, default);
        Assert.Contains(dump.Lines, l => l.Contains("without their passwords", StringComparison.Ordinal));
        await backup.RestoreAsync(plain, new RestoreOptions("his own", "his new"), dump, default);
        Assert.Empty((await backup.CompareAsync(plain, "his new", "his own", dump, default)).Differences);
    }

    private static Task<UserFacingException> Fails(Func<Task> act) => Assert.ThrowsAnyAsync<UserFacingException>(act);

    private Task<string> Databases() => postgres.Server.Query<string>("select string_agg(datname, ',' order by datname) from pg_database");
}
