using MedicineMan.Host.Backups;
using MedicineMan.Host.Backups.Plans;
using MedicineMan.Host.Backups.Runs;
using MedicineMan.Host.Scanning;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Backups;

/// From a real database to a proven backup and back, through the host, its jobs and its plugins.
public abstract class BackupTests
{
    private protected abstract Task<Ward> Start();

    [SkippableFact]
    public async Task A_backup_is_dumped_stored_restored_compared_and_then_proven()
    {
        await using var ward = await Start();
        await ward.Shop();
        var run = await ward.BackUp(await ward.Plan());
        Assert.Null(run.Error ?? run.ProveError);
        Assert.Equal("proven", run.State);
        Assert.Equal(3, run.Tables);
        Assert.Equal(4000, run.TableRows);
        Assert.True(run.RestoreMs > 0);
        Assert.Equal(0, await ward.LeftBehind());
        string[] steps = ["backup.requested", "backup.started", "backup.dumped", "backup.stored", "proof.started", "backup.proven"];
        var audited = await ward.Until(ward.Audited, actions => actions.Contains("plan.source-seen"), actions => string.Join(", ", actions));
        Assert.Equal(steps, audited.Where(steps.Contains).Reverse());
        Assert.Single(audited, action => action == "repository.ready");
        Assert.Superset(new HashSet<string> { "repository.added", "plan.added" }, audited.ToHashSet());
        Assert.NotNull((await ward.Host.Get<PlanStore>().Get(Ward.Here, run.PlanId, default)).LastProvenAt);
    }

    [SkippableFact]
    public async Task Stock_restic_checks_what_was_stored_with_the_password_of_the_recovery_kit_alone()
    {
        var restic = Programs.Require("restic");
        await using var ward = await Start();
        await ward.Shop();
        var run = await ward.BackUp(await ward.Plan());
        using var folder = new TemporaryFolder("kit");
        await File.WriteAllTextAsync(folder["password"], ward.Host.Get<Host.Secrets.KeyRing>().Current.RecoveryPassword);
        string Restic(params string[] arguments) => Programs.Run(restic, ["-r", ward.RepositoryFolder, "--password-file", folder["password"], "--no-cache", .. arguments]);
        Assert.Contains("no errors were found", Restic("check", "--read-data"), StringComparison.Ordinal);
        Assert.Contains("medicineman.json", Restic("ls", run.SnapshotId!), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_scan_finds_the_cluster_and_suggests_the_plan_that_proves_it()
    {
        Skip.IfNot(Programs.IsRoot, "Only root sees the databases of another user's cluster without a password.");
        await using var ward = await Start();
        await ward.Shop();
        await ward.Host.Get<ServerScan>().Scan(Ward.Here, ward.ServerId, Ward.Somebody, new Progress<Sdk.Jobs.JobProgress>(), default);
        var found = Assert.Single(await ward.Host.Get<ScanStore>().Services(Ward.Here, ward.ServerId, default), service => service.DataDirectory == ward.Postgres.DataDirectory);
        Assert.True(found.Confidence >= 0.9, $"confidence {found.Confidence}");
        Assert.Contains(found.StoreList, store => store.Name == "shop" && store.Bytes > 0);
        var server = await ward.Host.Get<Host.Servers.ServerStore>().Get(Ward.Here, ward.ServerId, default);
        var plan = await ward.Host.Get<PlanStore>().Add(Ward.Here, Ward.Somebody, Suggestion.For(server, found, ward.RepositoryId), default);
        Assert.Equal("proven", (await ward.BackUp(plan)).State);
    }

    [SkippableTheory]
    [InlineData("it's; drop table \"x\"")]
    [InlineData("two\nlines and spaces")]
    [InlineData("Ünïcödé 数据库")]
    [InlineData("-d postgres=")]
    [InlineData("a/b%2F..")]
    public async Task A_name_is_only_a_name(string name)
    {
        await using var ward = await Start();
        await ward.Shop(name, rows: 10);
        var run = await ward.BackUp(await ward.Plan(items: [name]));
        Assert.Null(run.Error ?? run.ProveError);
        Assert.Equal("proven", run.State);
        var restored = await ward.Restore(run, name + " again");
        Assert.Equal((StageState.Done, null), (restored.State, restored.Error));
        Assert.Equal(10, await ward.Postgres.Query<long>("select count(*) from customers", name + " again"));
    }

    [SkippableFact]
    public async Task A_second_run_stores_little_and_a_plan_that_is_asked_twice_runs_once()
    {
        await using var ward = await Start();
        await ward.Shop(rows: 20_000);
        var plan = await ward.Plan();
        var first = await ward.BackUp(plan);
        var runs = ward.Host.Get<RunStore>();
        var (one, two) = (await runs.BackUpNow(Ward.Here, Ward.Somebody, plan, default), await runs.BackUpNow(Ward.Here, Ward.Somebody, plan, default));
        Assert.Equal(one, two);
        var second = await ward.Ended(one);
        Assert.Equal("proven", second.State);
        Assert.True(second.StoredBytes < first.StoredBytes / 10, $"{second.StoredBytes} after {first.StoredBytes}");
    }
}

public sealed class SqliteBackupTests : BackupTests
{
    private protected override Task<Ward> Start() => Ward.Open();
}

public sealed class PostgresBackupTests : BackupTests
{
    private protected override Task<Ward> Start() => Ward.Open(TestHost.OnPostgres());
}
