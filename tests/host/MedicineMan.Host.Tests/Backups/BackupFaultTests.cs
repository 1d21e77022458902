using MedicineMan.Host.Backups;
using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Host.Backups.Runs;
using MedicineMan.Host.Data;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Backups;

/// What goes wrong: a sentence that says what and what next, no snapshot that claims more than it holds, and the next run succeeds.
public abstract class BackupFaultTests
{
    private protected abstract Task<Ward> Start(string? repositoryFolder = null);

    [SkippableFact]
    public async Task A_table_that_may_not_be_read_fails_the_dump_and_leaves_no_snapshot()
    {
        await using var ward = await Start();
        await ward.Shop();
        await ward.Postgres.Execute("create role limited login password 'limited'; grant connect on database shop to limited");
        await ward.Postgres.Execute("grant select on customers, nothing, totals to limited; grant select on all sequences in schema public to limited", "shop");
        var plan = await ward.Plan(with: settings => settings with { Host = "127.0.0.1", UserName = "limited", Password = "limited", RunAs = null });
        var failed = await ward.BackUp(plan);
        Assert.Equal(StageState.Failed, failed.DumpState);
        Assert.Contains("orders", failed.Error, StringComparison.Ordinal);
        Assert.Empty(await ward.SnapshotIds());

        await ward.Postgres.Execute("grant select on orders to limited; alter role limited createdb", "shop");
        Assert.Equal(StageState.Done, (await ward.BackUp(plan)).StoreState);
    }

    [SkippableFact]
    public async Task A_server_that_dies_during_the_dump_fails_it_and_the_next_run_is_proven()
    {
        await using var ward = await Start();
        await ward.Shop(rows: 300_000);
        var plan = await ward.Plan();
        var run = await ward.Host.Get<RunStore>().BackUpNow(Ward.Here, Ward.Somebody, plan, default);
        await ward.Until(() => ward.Postgres.Query<long>("select count(*) from pg_stat_activity where query like 'COPY%' or query like '%COPY %TO STDOUT%'"), n => n > 1, n => $"{n} copies");
        ward.Postgres.Stop();
        var failed = await ward.Until(() => ward.Host.Get<RunStore>().Get(Ward.Here, run, default), row => row.Error is not null, row => row.State);
        Assert.NotEqual(StageState.Done, failed.StoreState);
        ward.Postgres.StartAgain();
        Assert.Single(await Eventually(ward, plan));
    }

    [SkippableFact]
    public async Task A_full_disk_under_the_repository_is_the_stores_failure()
    {
        Skip.IfNot(Programs.IsRoot, "Only root can mount a small file system.");
        using var folder = new TemporaryFolder("full");
        var mounted = Programs.TryRun("/bin/mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", folder.Path]);
        Skip.If(mounted.Code != 0, $"A small file system cannot be mounted here: {mounted.Error}");
        try
        {
            await using var ward = await Start(folder["repository"]);
            await ward.Shop(rows: 200_000);
            var plan = await ward.Plan();
            var failed = await ward.BackUp(plan);
            Assert.Equal(StageState.Failed, failed.StoreState);
            Assert.Contains("space", failed.Error, StringComparison.OrdinalIgnoreCase);
            Assert.Empty(await ward.SnapshotIds());
            Programs.Run("/bin/mount", ["-o", "remount,size=300m", folder.Path]);
            Assert.Equal("proven", (await ward.BackUp(plan)).State);
        }
        finally
        {
            Programs.TryRun("/bin/umount", ["-l", folder.Path]);
        }
    }

    [SkippableFact]
    public async Task A_flipped_byte_in_the_repository_is_found_by_the_proof_and_never_restored()
    {
        await using var ward = await Start();
        await ward.Shop(rows: 20_000);
        var run = await ward.BackUp(await ward.Plan());
        foreach (var pack in Directory.EnumerateFiles(Path.Combine(ward.RepositoryFolder, "data"), "*", SearchOption.AllDirectories))
        {
            var bytes = await File.ReadAllBytesAsync(pack);
            bytes[bytes.Length / 3] ^= 0x10;
            File.SetUnixFileMode(pack, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            await File.WriteAllBytesAsync(pack, bytes);
        }

        await ward.Host.Get<RunStore>().Prove(Ward.Here, Ward.Somebody, run.Id, default);
        var again = await ward.Until(() => ward.Host.Get<RunStore>().Get(Ward.Here, run.Id, default), row => row.ProveState is StageState.Failed, row => row.State);
        Assert.Contains("damaged", again.ProveError, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(StageState.Done, again.StoreState);
        var restored = await ward.Restore(run, "wrong");
        Assert.Equal(StageState.Failed, restored.State);
        Assert.Equal(0, await ward.Postgres.Query<long>("select count(*) from pg_database where datname = 'wrong'"));
        Assert.Equal(0, await ward.LeftBehind());
    }

    [SkippableFact]
    public async Task A_wrong_password_for_an_existing_repository_is_said_and_nothing_is_written()
    {
        await using var ward = await Start();
        await ward.Shop();
        await ward.BackUp(await ward.Plan());
        var store = ward.Host.Get<RepositoryStore>();
        var id = await store.Add(Ward.Here, Ward.Somebody, NewRepository.Local("the same", ward.RepositoryFolder), "not the password", default);
        var row = await ward.Until(() => store.Get(Ward.Here, id, default), r => r.State == RepositoryState.Failed, r => r.State);
        Assert.Contains("password", row.Error, StringComparison.Ordinal);
        Assert.Equal("repository.failed", (await ward.Audited()).First(action => action.StartsWith("repository.", StringComparison.Ordinal)));
        Assert.Single(await ward.SnapshotIds());
    }

    [SkippableFact]
    public async Task A_cancelled_dump_leaves_no_snapshot_and_no_process_on_the_server()
    {
        await using var ward = await Start();
        await ward.Shop(rows: 300_000);
        var plan = await ward.Plan();
        var runs = ward.Host.Get<RunStore>();
        var id = await runs.BackUpNow(Ward.Here, Ward.Somebody, plan, default);
        var running = await ward.Until(() => runs.Get(Ward.Here, id, default), row => row.DumpState is StageState.Running, row => row.State);
        await ward.Host.Get<Database>().Write(t => ward.Host.Get<Jobs.JobQueue>().Cancel(t, Ward.Here.Value, running.DumpJobId!, default), default);
        var ended = await ward.Ended(id);
        Assert.Equal("cancelled", ended.State);
        Assert.Empty(await ward.SnapshotIds());
        await ward.Until(() => ward.Postgres.Query<long>("select count(*) from pg_stat_activity where datname = 'shop'"), n => n == 0, n => $"{n} sessions");
        Assert.Equal("proven", (await ward.BackUp(plan)).State);
    }

    /// The failed run is retried by itself; what counts is that one more request ends proven.
    private static async Task<IReadOnlyList<string>> Eventually(Ward ward, string plan)
    {
        var runs = ward.Host.Get<RunStore>();
        var page = await ward.Until(
            async () => (await runs.Page(Ward.Here, plan, null, 5, default)).Items, items => items.Any(run => run.State == "proven"), items => string.Join(", ", items.Select(run => run.State)));
        return [.. page.Where(run => run.State == "proven").Select(run => run.Id)];
    }
}

public sealed class SqliteBackupFaultTests : BackupFaultTests
{
    private protected override Task<Ward> Start(string? repositoryFolder = null) => Ward.Open(repositoryFolder);
}

public sealed class PostgresBackupFaultTests : BackupFaultTests
{
    private protected override Task<Ward> Start(string? repositoryFolder = null) => Ward.Open(TestHost.OnPostgres(), repositoryFolder);
}
