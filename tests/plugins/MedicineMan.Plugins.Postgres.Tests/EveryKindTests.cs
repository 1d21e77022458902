using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Testing;

namespace MedicineMan.Plugins.Postgres.Tests;

/// A database with one of everything that is easily lost, there and back.
public sealed class EveryKindTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private const string Name = "every \"kind\"; 'of'\nthing = 1";

    private const string Sql = """
        create schema "sch""ema. 1"; create role shop_owner; create role reader; create role "odd; role";
        create extension if not exists plpgsql;
        create type mood as enum ('sad', 'ok', 'it''s "fine"'); create domain positive as int constraint above check (value > 0);
        create function twice(i int) returns int language sql immutable as 'select i * 2';
        create table kinds (id int generated always as identity primary key, m mood, p positive, tags text[][], doc jsonb, bin bytea,
            f4 real, f8 double precision, n numeric, t timestamptz, iv interval, txt text, doubled int generated always as (p * 2) stored,
            ip inet, r int4range, u uuid default gen_random_uuid());
        insert into kinds (m, p, tags, doc, bin, f4, f8, n, t, iv, txt, ip, r) values
            ('sad', 1, '{{a,"b,c"},{"","\\\""}}', '{"a": [1, null, "\u20ac"]}', '\x00ff0a5c', 'NaN', 'Infinity', 'NaN', 'infinity', '1 mon -3 days 04:05:06.789', E'tab\there\nline\\.\r', '::1', '[1,5)'),
            ('it''s "fine"', 2, null, 'null', '', '-Infinity', 0.1, 123456789012345678901234567890.123456789, '2024-02-29 23:59:59.999999+14', '-1 year', '🐘𝒳 \.', '10.0.0.0/8', 'empty'),
            (null, 3, '{}', null, null, 1e-45, 5e-324, 'Infinity', '-infinity', null, '', null, null);
        create table "sch""ema. 1"."ta""ble.1; drop" ("co""l; 1" int, "select" text, "new
        line" text); insert into "sch""ema. 1"."ta""ble.1; drop" values (1, null, '\N'), (2, '\N', E'\\N');
        """;

    private const string More = """
        create table "a.b".c (v text); insert into "a.b".c values ('first'); create table a."b.c" (v text); insert into a."b.c" values ('second');
        create table empty (id int); create table no_columns (); insert into no_columns default values; insert into no_columns default values;
        create table part (id int, at date, primary key (id, at)) partition by range (at); create index on part (at);
        create table part_2023 partition of part for values from ('2023-01-01') to ('2024-01-01');
        create table part_2024 partition of part for values from ('2024-01-01') to ('2025-01-01') partition by list (id);
        create table part_2024_a partition of part_2024 for values in (1, 2); create table part_rest partition of part default;
        insert into part values (1, '2023-05-05'), (1, '2024-05-05'), (2, '2024-06-06'), (9, '1999-01-01');
        create table refers (id int, at date, foreign key (id, at) references part); insert into refers values (1, '2023-05-05');
        create table base (id serial primary key, v text); create table child (extra int) inherits (base);
        insert into base (v) values ('b'); insert into child (v, extra) values ('c', 1);
        create unlogged table fast (id int); insert into fast values (1);
        create view seen as select * from base; create materialized view mat_b as select count(*) as n from base;
        create materialized view mat_a as select n + 1 as n from mat_b; create unique index on mat_a (n); create materialized view never as select 1 as x with no data;
        create function note() returns trigger language plpgsql as $f$ begin new.v := new.v || '!'; return new; end $f$;
        create trigger noting before insert on base for each row execute function note();
        create sequence counter start 5 increment -2 minvalue -100 maxvalue 100; select nextval('counter'), nextval('counter'); create sequence untouched start 42;
        create table child_of (id int references base, constraint odd_check check (id <> 13)); insert into child_of values (1);
        create table secret (id int, who text); alter table secret enable row level security; alter table secret force row level security;
        create policy own on secret to reader using (who = current_user); insert into secret values (1, 'x'), (2, 'y');
        create table weird as select lo_from_bytea(777, 'large object content') as lo; select lo_from_bytea(778, decode(repeat('00ff', 5000), 'hex'));
        alter table base owner to shop_owner; grant select on base to reader; grant usage on schema public to "odd; role"; comment on table base is 'a comment';
        alter view seen owner to shop_owner; alter large object 777 owner to shop_owner;
        """;

    private readonly MemoryDump dump = new();
    private readonly PostgresBackup backup = new();

    public async Task InitializeAsync()
    {
        await postgres.Server.Execute("drop database if exists " + Names.Identifier(Name) + " with (force)");
        await postgres.Server.Execute("drop role if exists shop_owner, reader, \"odd; role\"");
        await postgres.Create(Name, "create schema a; create schema \"a.b\";");
        await postgres.Server.Execute(Sql, Name);
        await postgres.Server.Execute(More, Name);
        await postgres.Server.Execute($"""
            alter database {Names.Identifier(Name)} set datestyle = 'German'; alter database {Names.Identifier(Name)} set search_path = "sch""ema. 1", public;
            alter database {Names.Identifier(Name)} set statement_timeout = '2s'; alter database {Names.Identifier(Name)} set bytea_output = 'escape';
            alter database {Names.Identifier(Name)} set extra_float_digits = '-3'; alter database {Names.Identifier(Name)} set default_transaction_read_only = off;
            alter database {Names.Identifier(Name)} set standard_conforming_strings = off;
            comment on database {Names.Identifier(Name)} is 'it''s mine'; grant connect on database {Names.Identifier(Name)} to reader; alter database {Names.Identifier(Name)} owner to shop_owner
            """);
        await backup.DumpAsync(postgres.Source, [Name], dump, default);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [SkippableFact]
    public async Task All_kinds_come_back_and_are_proven()
    {
        var report = await backup.RestoreAsync(postgres.Source, new RestoreOptions(Name, "again"), dump, default);
        Assert.Empty(report.Warnings);
        var proof = await backup.CompareAsync(postgres.Source, "again", Name, dump, default);
        Assert.Empty(proof.Differences);
        Assert.Equal(2, proof.Compared["large objects"]);
        Assert.Equal(report.Objects.Sum(o => o.Rows), proof.Compared["rows"]);
        Assert.Contains(report.Objects, o => o is { Name: "public.empty", Rows: 0, Bytes: 0 });
        Assert.Contains(report.Objects, o => o is { Name: "\"a.b\".c" });
        Assert.Contains(report.Objects, o => o is { Name: "a.\"b.c\"" });

        Assert.Equal("shop_owner", await postgres.Server.Query<string>("select pg_get_userbyid(datdba)::text from pg_database where datname = 'again'"));
        Assert.Equal("it's mine", await postgres.Server.Query<string>("select shobj_description(oid, 'pg_database') from pg_database where datname = 'again'"));
        Assert.Equal(7, await postgres.Server.Query<int>("select cardinality(setconfig) from pg_db_role_setting where setdatabase = (select oid from pg_database where datname = 'again')"));
        await postgres.Server.Execute("alter database again reset all");
        Assert.Equal("shop_owner", await postgres.Server.Query<string>("select tableowner::text from pg_tables where tablename = 'base'", "again"));
        Assert.True(await postgres.Server.Query<bool>("select has_table_privilege('reader', 'public.base', 'select')", "again"));
        Assert.Equal(3, await postgres.Server.Query<int>("select n from public.mat_a", "again"));
        Assert.False(await postgres.Server.Query<bool>("select relispopulated from pg_class where relname = 'never'", "again"));
        Assert.Equal("large object content", await postgres.Server.Query<string>("select convert_from(lo_get(777), 'UTF8')", "again"));
        Assert.Equal("b", await postgres.Server.Query<string>("select v from only public.base", "again"));
        await postgres.Server.Execute("drop database again");
    }

    [SkippableFact]
    public async Task Roles_that_are_missing_are_created_without_login()
    {
        await postgres.Server.Execute($"drop database {Names.Identifier(Name)} with (force)");
        await postgres.Server.Execute("drop role shop_owner, reader, \"odd; role\"");
        var report = await backup.RestoreAsync(postgres.Source, new RestoreOptions(Name, "roles") { WorkName = "medicineman_restore_roles" }, dump, default);
        Assert.Contains("shop_owner", Assert.Single(report.Warnings), StringComparison.Ordinal);
        Assert.Empty((await backup.CompareAsync(postgres.Source, "roles", Name, dump, default)).Differences);
        Assert.False(await postgres.Server.Query<bool>("select rolcanlogin from pg_roles where rolname = 'odd; role'"));
        await postgres.Server.Execute("drop database roles");
    }

    [SkippableFact]
    public async Task A_proof_finds_every_kind_of_difference()
    {
        await backup.RestoreAsync(postgres.Source, new RestoreOptions(Name, "medicineman_proof_x") { Scratch = true }, dump, default);
        await postgres.Server.Execute("alter database medicineman_proof_x reset all");
        await postgres.Server.Execute("""
            update kinds set txt = 'changed' where id = 1; delete from a."b.c"; drop table empty; drop index part_at_idx; alter table child_of drop constraint odd_check;
            select setval('counter', 9); create table extra (id int); drop function twice; select lo_put(778, 3, 'x');
            """, "medicineman_proof_x");
        var proof = await backup.CompareAsync(postgres.Source, "medicineman_proof_x", Name, dump, default);
        string[] expected =
        [
            "rows of public.kinds", "rows of a.\"b.c\"", "table public.empty", "index public.part_at_idx", "constraint public.child_of.\"odd_check\"",
            "sequence public.counter", "table public.extra", "number of functions", "large objects",
        ];
        Assert.Empty(expected.Except(proof.Differences.Select(d => d.Name)));
        Assert.Contains(proof.Differences, d => d is { Name: "table public.empty", Found: "absent" });
        await backup.DropScratchAsync(postgres.Source, "medicineman_proof_x", default);
    }

    [SkippableFact]
    public async Task Single_tables_come_with_what_belongs_to_them_and_nothing_else()
    {
        string[] tables = ["public.base", "public.child_of", "public.part_2023", "public.refers", "public.kinds", "\"sch\"\"ema. 1\".\"ta\"\"ble.1; drop\""];
        var report = await backup.RestoreAsync(postgres.Source, new RestoreOptions(Name, "single") { Objects = tables }, dump, default);
        await postgres.Server.Execute("alter database single reset all");
        var found = await postgres.Server.Query<string>("select string_agg(relname, ',' order by relname collate \"C\") from pg_class where relkind in ('r', 'p', 'm', 'v') and relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)", "single");
        Assert.Equal("base,child_of,kinds,part,part_2023,refers,ta\"ble.1; drop", found);
        Assert.Equal("1,1,1,1,3,2", await postgres.Server.Query<string>("select concat_ws(',', (select count(*) from base), (select count(*) from child_of), (select count(*) from part), (select count(*) from refers), (select count(*) from kinds), (select count(*) from \"sch\"\"ema. 1\".\"ta\"\"ble.1; drop\"))", "single"));
        Assert.Equal(1, await postgres.Server.Query<int>("select count(*) from pg_constraint where contype = 'f' and conrelid = 'child_of'::regclass", "single"));
        Assert.Equal(1, await postgres.Server.Query<int>("select count(*) from pg_trigger where tgname = 'noting'", "single"));
        Assert.Equal(3, await postgres.Server.Query<int>("insert into base (v) values ('next') returning id", "single"));
        Assert.Equal(6, report.Objects.Count);
        await postgres.Server.Execute("drop database single");
    }

    [SkippableFact]
    public async Task A_dry_run_says_what_would_happen_and_changes_nothing()
    {
        var before = await postgres.Server.Query<string>("select string_agg(datname, ',' order by datname) from pg_database");
        var report = await backup.RestoreAsync(postgres.Source, new RestoreOptions(Name, "dry") { DryRun = true }, dump, default);
        Assert.Contains("tables with", report.Steps[0], StringComparison.Ordinal);
        Assert.Contains(" free; the database took ", report.Steps[^1], StringComparison.Ordinal);
        report = await backup.RestoreAsync(postgres.Source, new RestoreOptions(Name, Name) { DryRun = true, Objects = ["public.base", "public.nope"] }, dump, default);
        Assert.Contains(report.Warnings, w => w.Contains("exists already", StringComparison.Ordinal));
        Assert.Contains(report.Warnings, w => w.Contains("no table public.nope", StringComparison.Ordinal));
        Assert.Equal(before, await postgres.Server.Query<string>("select string_agg(datname, ',' order by datname) from pg_database"));
    }
}
