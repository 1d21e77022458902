using Dapper;
using MedicineMan.Host.Backups;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Tests.Data;

namespace MedicineMan.Host.Tests.Backups;

public abstract class SettlementTests
{
    private protected abstract Task<TestDatabase> Start();

    [SkippableTheory]
    [InlineData("cancelled", "cancelled")]
    [InlineData("dead", "failed")]
    public async Task A_run_whose_job_ended_without_it_is_not_running_for_ever(string job, string expected)
    {
        await using var test = await Start();
        await Write(test, Job("j1", job) + Run("r1", "j1", "running", "running", "waiting", null));
        await Write(test, Job("j2", job) + Run("r2", "j0", "done", "done", "running", "j2") + Restore("t1", "j2"));
        await new Settlement(test.Database, test.Audit).Settle(default);
        Assert.Equal([expected, expected, "skipped"], await States(test, "r1"));
        Assert.Equal(["done", "done", expected], await States(test, "r2"));
        await using var connection = await test.Database.OpenRead(default);
        Assert.Equal(expected, await connection.ExecuteScalarAsync<string>("select state from restores where id = 't1'"));

        await new Settlement(test.Database, test.Audit).Settle(default);
        var trail = (await test.Audit.Page(OrganizationId.Default, null, 10, default)).Items;
        Assert.Equal([("r1", $"backup.{expected}"), ("r2", "backup.not-proven"), ("t1", $"restore.{expected}")], trail.Select(entry => (entry.SubjectId, entry.Action)).Order());
    }

    [SkippableFact]
    public async Task A_run_whose_job_goes_on_is_left_alone()
    {
        await using var test = await Start();
        await Write(test, Job("j1", "retrying") + Run("r1", "j1", "running", "running", "waiting", null));
        await new Settlement(test.Database, test.Audit).Settle(default);
        Assert.Equal(["running", "running", "waiting"], await States(test, "r1"));
        Assert.Empty((await test.Audit.Page(OrganizationId.Default, null, 10, default)).Items);
    }

    private static string Job(string id, string state) => $"""
        insert into jobs (id, organization_id, type, version, arguments, title, priority, state, attempt, failures, max_attempts, created_at, due_at, lease_token, cancel_requested)
        values ('{id}', 'default', 'back-up', 1, '[]', 'x', 0, '{state}', 1, 1, 1, 0, 0, 0, 0);
        """;

    private static string Run(string id, string dumpJob, string dump, string store, string prove, string? proveJob) => $"""
        insert into runs (id, organization_id, plan_id, server_id, repository_id, kind, items, dump_state, store_state, prove_state, dump_job_id, prove_job_id, snapshot_id, created_at)
        values ('{id}', 'default', 'p', 's', 'repo', 'postgres', '[]', '{dump}', '{store}', '{prove}', '{dumpJob}', {(proveJob is null ? "null" : $"'{proveJob}'")}, {(store == "done" ? "'snap'" : "null")}, 0);
        """;

    private static string Restore(string id, string job) => $"""
        insert into restores (id, organization_id, repository_id, snapshot_id, kind, server_id, item, target, replace_existing, dry_run, state, job_id, created_at)
        values ('{id}', 'default', 'repo', 'snap', 'postgres', 's', 'i', 't', 0, 0, 'waiting', '{job}', 0);
        """;

    private static Task<int> Write(TestDatabase test, string sql) => test.Database.Write(t => t.Connection!.ExecuteAsync(sql, transaction: t), default);

    private static async Task<IReadOnlyList<string>> States(TestDatabase test, string id)
    {
        await using var connection = await test.Database.OpenRead(default);
        var row = await connection.QuerySingleAsync($"select dump_state, store_state, prove_state from runs where id = '{id}'");
        return [row.dump_state, row.store_state, row.prove_state];
    }
}

public sealed class SqliteSettlementTests : SettlementTests
{
    private protected override Task<TestDatabase> Start() => TestDatabase.Sqlite();
}

public sealed class PostgresSettlementTests : SettlementTests
{
    private protected override Task<TestDatabase> Start() => TestDatabase.Postgres();
}
