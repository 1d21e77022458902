using MedicineMan.Host.Servers.Commands;
using MedicineMan.Samples.SqliteFiles;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Testing;
using MedicineMan.Testbed;

namespace MedicineMan.Samples.Tests;

/// Against the real sqlite3, on this machine.
public sealed class SqliteFilesTests : BackupProviderContract, IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder folder = new("sqlite");
    private PluginTestHost host = null!;

    protected override IBackupProvider Provider => host.Provider<IBackupProvider>("sqlite");

    public async Task InitializeAsync() => host = await Samples.Start<SqliteFilesPlugin>();

    public async Task DisposeAsync() => await host.DisposeAsync();

    public void Dispose() => folder.Dispose();

    [SkippableFact]
    public async Task What_is_still_in_the_write_ahead_log_is_backed_up()
    {
        await CreateAsync("busy");
        Sql("busy", "PRAGMA journal_mode = wal;");
        // A reader that stays keeps the log from being folded in.
        using var reader = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(Sqlite, [folder["busy"]]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        await reader.StandardInput.WriteLineAsync("begin; select count(*) from orders;");
        await reader.StandardInput.FlushAsync();
        await reader.StandardOutput.ReadLineAsync();
        Sql("busy", "insert into orders values (99, 'in the log', 1.5, x'00ff');");

        var report = await Provider.DumpAsync(await SourceAsync(), ["busy"], new MemoryDump(), default);
        reader.Kill();

        Assert.Equal(3, report.Items[0].Objects.Single(one => one.Name == "orders").Rows);
    }

    [SkippableFact]
    public async Task The_order_of_rows_changes_no_checksum_and_a_last_digit_does()
    {
        await CreateAsync("one");
        await CreateAsync("two");
        Sql("two", "create temp table t as select * from orders; delete from orders; insert into orders select * from t order by id desc;");
        await CreateAsync("three");
        Sql("three", "update orders set price = 0.1 + 0.2 where id = 1;");

        var report = await Provider.DumpAsync(await SourceAsync(), ["one", "two", "three"], new MemoryDump(), default);
        var sums = report.Items.Select(item => item.Objects.Single(one => one.Name == "orders").Checksum).ToList();

        Assert.Equal(sums[0], sums[1]);
        Assert.NotEqual(sums[0], sums[2]);
    }

    [SkippableFact]
    public async Task Only_databases_are_found_also_in_folders_below()
    {
        await CreateAsync("app/data.db");
        await File.WriteAllTextAsync(folder["notes.txt"], "SQLite is a fine thing.");
        await File.WriteAllTextAsync(folder["empty.db"], "");
        var found = Assert.Single(await Provider.DiscoverAsync(await SourceAsync(), default));
        Assert.Equal(("app/data.db", new FileInfo(folder["app/data.db"]).Length), (found.Name, found.Bytes));
    }

    [SkippableTheory]
    [InlineData("../outside")]
    [InlineData("/etc/passwd")]
    [InlineData("a/../../b")]
    public async Task No_name_leads_out_of_the_folder(string name)
    {
        await CreateAsync("inside");
        var dump = new MemoryDump();
        await Provider.DumpAsync(await SourceAsync(), ["inside"], dump, default);
        await Assert.ThrowsAsync<UserFacingException>(async () => await Provider.RestoreAsync(await SourceAsync(), new RestoreOptions("inside", name), dump, default));
        await Assert.ThrowsAsync<UserFacingException>(async () => await Provider.DropScratchAsync(await SourceAsync(), "medicineman_/../inside", default));
        Assert.True(File.Exists(folder["inside"]));
    }

    [SkippableFact]
    public async Task A_dump_that_was_damaged_never_gets_the_name()
    {
        await CreateAsync("whole");
        var dump = new MemoryDump();
        await Provider.DumpAsync(await SourceAsync(), ["whole"], dump, default);
        var bytes = dump["whole", "database"].ToArray();
        bytes.AsSpan(4096, 200).Fill(0x5A);
        dump.Put(["whole", "database"], bytes);

        await Assert.ThrowsAsync<UserFacingException>(async () => await Provider.RestoreAsync(await SourceAsync(), new RestoreOptions("whole", "again"), dump, default));

        Assert.Equal(["whole"], Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_server_without_sqlite3_is_a_sentence()
    {
        var server = new ScriptedRunner(new ScriptedAnswer(_ => true) { ExitCode = 127, ErrorText = "sh: sqlite3: not found" });
        var failure = await Assert.ThrowsAsync<UserFacingException>(() => Provider.DiscoverAsync(new BackupSource(host.Lend(server)) { Host = "/srv" }, default));
        Assert.Contains("sqlite3 is not installed", failure.Message, StringComparison.Ordinal);
    }

    // Only the programs that the manifest names are started.
    protected override Task<BackupSource> SourceAsync() => Task.FromResult(new BackupSource(host.Lend(new ShellRunner(
        "here", new LocalShell(), (_, _) => throw new InvalidOperationException("There is no secret."), TimeProvider.System))) { Host = folder.Path });

    protected override Task CreateAsync(string name)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder[name])!);
        Sql(name, """
            create table customers (id integer primary key, name text);
            insert into customers values (1, 'Ada ''quoted'' Füße 🐘'), (2, null), (3, '');
            create table orders (id integer, note text, price real, raw blob);
            create index orders_id on orders (id);
            insert into orders values (1, 'line' || char(10) || 'break', 0.3, x'00ff7f'), (2, null, 1e300, null);
            create view cheap as select * from orders where price < 1;
            create table "odd ""name" (a);
            """);
        return Task.CompletedTask;
    }

    protected override Task ChangeOneRowAsync(string name)
    {
        Sql(name, "update orders set note = 'changed' where id = 1;");
        return Task.CompletedTask;
    }

    private static string Sqlite => Programs.Require("sqlite3");

    private void Sql(string name, string sql) => Programs.Run(Sqlite, ["-bail", folder[name]], sql);
}
