using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Testing;

namespace MedicineMan.Plugins.Postgres.Tests;

public sealed class PostgresContractTests(PostgresFixture postgres) : BackupProviderContract, IClassFixture<PostgresFixture>
{
    protected override IBackupProvider Provider { get; } = new PostgresBackup();

    protected override Task<BackupSource> SourceAsync() => Task.FromResult(postgres.Source);

    protected override Task CreateAsync(string name) => postgres.Create(name, """
        create table one (id int primary key, v text); insert into one select i, 'v' || i from generate_series(1, 1000) i;
        create table "T w;o" (id serial, "Füße ""x"" y" text); insert into "T w;o" ("Füße ""x"" y") select 'v' || i from generate_series(1, 10) i;
        """);

    protected override Task ChangeOneRowAsync(string name) => postgres.Server.Execute("update one set v = 'other' where id = 500", name);
}
