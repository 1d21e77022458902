using Dapper;
using MedicineMan.Host.Data;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Tests.Data;

public abstract class MigratorTests
{
    private protected abstract Task<TestDatabase> Start();

    [SkippableFact]
    public async Task A_second_migration_applies_nothing()
    {
        await using var test = await Start();
        Assert.Equal(0, await new Migrator(test.Database, TimeProvider.System).Migrate(default));
    }

    [SkippableFact]
    public async Task Nodes_that_start_together_take_turns()
    {
        await using var test = await Start();
        await test.Database.Write(t => t.Connection!.ExecuteAsync("delete from schema_migrations where name = 'Audit/0001_audit'; drop table audit_entries; drop table audit_heads", transaction: t), default);
        var applied = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => new Migrator(test.Database, TimeProvider.System).Migrate(default)));
        Assert.Equal(1, applied.Sum());
    }

    [SkippableFact]
    public async Task A_database_of_a_newer_version_is_refused_and_left_alone()
    {
        await using var test = await Start();
        await test.Database.Write(t => t.Connection!.ExecuteAsync("insert into schema_migrations (name, checksum, applied_at) values ('Future/0009_x', 'y', 0)", transaction: t), default);
        var refused = await Assert.ThrowsAsync<UserFacingException>(() => new Migrator(test.Database, TimeProvider.System).Migrate(default));
        Assert.Contains("newer Medicine Man", refused.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Every_table_belongs_to_an_organisation()
    {
        await using var test = await Start();
        await using var connection = await test.Database.OpenRead(default);
        var without = test.Database.Dialect is Jobs.SqlDialect.Sqlite
            ? "select m.name from sqlite_master m where m.type = 'table' and m.name not like 'sqlite_%' and not exists (select 1 from pragma_table_info(m.name) c where c.name = 'organization_id')"
            : "select t.table_name from information_schema.tables t where t.table_schema = 'public' and not exists (select 1 from information_schema.columns c where c.table_name = t.table_name and c.column_name = 'organization_id')";
        // A worker serves all organisations, and a rate is that of whoever is asked, whoever asks.
        Assert.Equal(["job_rates", "job_workers", "organizations", "schema_migrations"], (await connection.QueryAsync<string>(without)).Order());
    }
}

public sealed class SqliteMigratorTests : MigratorTests
{
    private protected override Task<TestDatabase> Start() => TestDatabase.Sqlite();
}

public sealed class PostgresMigratorTests : MigratorTests
{
    private protected override Task<TestDatabase> Start() => TestDatabase.Postgres();
}
