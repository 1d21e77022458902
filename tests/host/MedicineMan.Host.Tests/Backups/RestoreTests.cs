using MedicineMan.Host.Backups;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Tests.Backups;

/// Restores: nothing is overwritten without the typed name, and nothing gets its name before it is complete.
public abstract class RestoreTests
{
    private protected abstract Task<Ward> Start();

    [SkippableFact]
    public async Task An_existing_database_is_replaced_only_after_its_name_was_typed()
    {
        await using var ward = await Start();
        await ward.Shop();
        var run = await ward.BackUp(await ward.Plan());
        await ward.Postgres.Execute("delete from orders", "shop");

        var refused = await ward.Restore(run, "shop");
        Assert.Equal(StageState.Failed, refused.State);
        Assert.Contains("shop", refused.Error, StringComparison.Ordinal);
        Assert.Equal(0, await ward.Postgres.Query<long>("select count(*) from orders", "shop"));
        await Assert.ThrowsAsync<UserFacingException>(() => ward.Restore(run, "shop", request => request with { Confirmation = "shpo" }));

        var replaced = await ward.Restore(run, "shop", request => request with { Confirmation = "shop" });
        Assert.Equal((StageState.Done, null), (replaced.State, replaced.Error));
        Assert.Equal(2000, await ward.Postgres.Query<long>("select count(*) from orders", "shop"));
        Assert.Equal(0, await ward.LeftBehind());
    }

    [SkippableFact]
    public async Task A_dry_run_tells_what_would_happen_and_changes_nothing()
    {
        await using var ward = await Start();
        await ward.Shop();
        var run = await ward.BackUp(await ward.Plan());
        var before = await ward.Postgres.Query<long>("select count(*) from pg_database");
        var tried = await ward.Restore(run, "elsewhere", request => request with { DryRun = true });
        Assert.Equal((StageState.Done, null), (tried.State, tried.Error));
        Assert.NotEmpty(tried.Result!.Steps);
        Assert.Equal(["restore.done", "restore.started", "restore.tried"], (await ward.Audited()).Where(action => action.StartsWith("restore.", StringComparison.Ordinal)));
        Assert.Equal(before, await ward.Postgres.Query<long>("select count(*) from pg_database"));
    }

    [SkippableFact]
    public async Task One_table_comes_back_alone()
    {
        await using var ward = await Start();
        await ward.Shop();
        var run = await ward.BackUp(await ward.Plan());
        var restored = await ward.Restore(run, "only_customers", request => request with { Objects = ["public.customers"] });
        Assert.Equal((StageState.Done, null), (restored.State, restored.Error));
        Assert.Equal(2000, await ward.Postgres.Query<long>("select count(*) from customers", "only_customers"));
        Assert.Equal(0, await ward.Postgres.Query<long>("select count(*) from pg_class where relname = 'orders'", "only_customers"));
    }

    [SkippableFact]
    public async Task All_databases_of_a_run_come_back_by_one_form()
    {
        await using var ward = await Start();
        await ward.Shop();
        await ward.Shop("second", rows: 10);
        var run = await ward.BackUp(await ward.Plan(items: ["shop", "second"]));
        Assert.Equal("proven", run.State);
        using var owner = await ward.Host.Owner();
        var answer = await owner.Send($"/backups/runs/{run.Id}/restore?item={{item}}", ("Form.Item", "{item}"), ("Form.ServerId", ward.ServerId), ("Form.Target", "{item}_copy"), ("Form.DryRun", "false"));
        Assert.Equal("/backups/restores", answer.Location);
        var restores = await ward.Until(
            async () => (await ward.Host.Get<Host.Backups.Restores.RestoreStore>().Page(Ward.Here, null, 10, default)).Items, rows => rows.All(row => row.State.IsFinal()), rows => string.Join(", ", rows.Select(row => row.State)));
        Assert.Equal(["second_copy", "shop_copy"], restores.Where(row => row.State is StageState.Done).Select(row => row.Target).Order());
        Assert.Equal(10, await ward.Postgres.Query<long>("select count(*) from customers", "second_copy"));
    }
}

public sealed class SqliteRestoreTests : RestoreTests
{
    private protected override Task<Ward> Start() => Ward.Open();
}

public sealed class PostgresRestoreTests : RestoreTests
{
    private protected override Task<Ward> Start() => Ward.Open(TestHost.OnPostgres());
}
