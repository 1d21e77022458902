using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Testing;

namespace MedicineMan.Plugins.Postgres.Tests;

public sealed class EncodingTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [SkippableTheory]
    [InlineData("latin", "encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'", "chr(233)")]
    [InlineData("any bytes", "encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C'", "chr(233) || chr(255)")]
    [InlineData("icu", "encoding 'UTF8' locale_provider icu icu_locale 'de-DE'", "chr(233)")]
    public async Task Other_encodings_and_locales_survive(string name, string options, string value)
    {
        var backup = new PostgresBackup();
        await postgres.Server.Execute($"create database \"{name}\" template template0 {options}");
        await postgres.Server.Execute($"create table t (v text); insert into t values ({value}), ('plain')", name);
        var dump = new MemoryDump();
        await backup.DumpAsync(postgres.Source, [name], dump, default);
        await backup.RestoreAsync(postgres.Source, new RestoreOptions(name, name + " 2"), dump, default);
        Assert.Empty((await backup.CompareAsync(postgres.Source, name + " 2", name, dump, default)).Differences);
        const string Properties = "select concat_ws(' ', encoding, datcollate, datctype, datlocprovider, daticulocale) from pg_database where datname = '{0}'";
        Assert.Equal(
            await postgres.Server.Query<string>(Properties.Replace("{0}", name, StringComparison.Ordinal)),
            await postgres.Server.Query<string>(Properties.Replace("{0}", name + " 2", StringComparison.Ordinal)));
        Assert.Equal(2, await postgres.Server.Query<int>($"select count(*) from t where v in ({value}, 'plain')", name + " 2"));
    }

    [SkippableFact]
    public async Task Of_an_extensions_tables_only_the_users_own_rows_are_taken()
    {
        var backup = new PostgresBackup();
        await postgres.Create("extended", """
            create extension hstore; create table setting (id int primary key, v hstore); create table fixed (id int); insert into fixed values (1);
            insert into setting values (1, 'from=>extension'), (2, 'from=>user'); alter extension hstore add table fixed;
            create table plain (h hstore); insert into plain values ('a=>1');
            """);
        var report = await backup.DumpAsync(postgres.Source, ["extended"], new MemoryDump(), default);
        Assert.Equal(["public.plain", "public.setting"], report.Items[0].Objects.Select(o => o.Name));

        await postgres.Server.Execute("""
            alter extension hstore add table setting;
            update pg_extension set extconfig = array['setting'::regclass::oid], extcondition = array['WHERE id > 1'] where extname = 'hstore'
            """, "extended");
        report = await backup.DumpAsync(postgres.Source, ["extended"], new MemoryDump(), default);
        Assert.Equal([1L, 1L], report.Items[0].Objects.Select(o => o.Rows!.Value));
    }
}
