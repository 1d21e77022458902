using System.Text;

namespace MedicineMan.Plugins.Postgres;

/// The questions to PostgreSQL's catalogue. Each is one JSON document, so that names of any kind arrive whole, and works on versions 12 to 18.
internal static class Catalog
{
    public const string DatabasesSql = """
        select coalesce(json_agg(json_build_object('name', datname,
                'bytes', case when has_database_privilege(oid, 'connect') then pg_database_size(oid) end) order by datname), '[]')
        from pg_catalog.pg_database
        where datallowconn and not datistemplate and datname not like 'medicineman\_proof\_%' and datname not like 'medicineman\_restore\_%'
        """;

    /// Columns that newer versions added are read through to_json, which has nothing for them on older ones.
    public const string DatabaseSql = """
        select json_build_object(
            'name', d.datname, 'owner', pg_get_userbyid(d.datdba), 'encoding', pg_encoding_to_char(d.encoding),
            'collate', d.datcollate, 'ctype', d.datctype, 'localeProvider', to_json(d) ->> 'datlocprovider',
            'locale', coalesce(to_json(d) ->> 'datlocale', to_json(d) ->> 'daticulocale'),
            'connectionLimit', d.datconnlimit, 'comment', shobj_description(d.oid, 'pg_database'), 'bytes', pg_database_size(d.oid),
            'hasGrants', d.datacl is not null,
            'grants', coalesce((select json_agg(json_build_object('privilege', a.privilege_type, 'grantable', a.is_grantable,
                    'grantee', case when a.grantee = 0 then '' else pg_get_userbyid(a.grantee) end))
                from aclexplode(d.datacl) a), '[]'),
            'settings', coalesce((select json_agg(json_build_object('role', r.rolname, 'setting', v))
                from pg_db_role_setting s cross join unnest(s.setconfig) v left join pg_roles r on r.oid = s.setrole
                where s.setdatabase = d.oid), '[]'),
            'roles', coalesce((select json_agg(distinct r.rolname) from pg_roles r
                where r.rolname !~ '^pg_' and (r.oid in (10, d.datdba) or exists (select from pg_shdepend s
                    where s.dbid = d.oid and s.refclassid = 'pg_authid'::regclass and s.refobjid = r.oid))), '[]'),
            'schemas', coalesce((select json_agg(nspname) from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'), '[]'),
            'extensions', coalesce((select json_agg(extname) from pg_extension), '[]'),
            'largeObjects', (select count(*) from pg_largeobject_metadata),
            'largeObjectsReadable', has_table_privilege('pg_catalog.pg_largeobject', 'select'))
        from pg_catalog.pg_database d where d.datname = current_database()
        """;

    /// Tables with rows of their own, partition roots and foreign tables. Of an extension's tables only those it declares to hold user data.
    public const string TablesSql = """
        with declared as (select unnest(extconfig) as oid, unnest(extcondition) as condition from pg_catalog.pg_extension)
        select coalesce(json_agg(json_build_object('oid', c.oid::bigint, 'schema', n.nspname, 'name', c.relname, 'kind', c.relkind,
                'condition', nullif(declared.condition, ''),
                'estimatedBytes', case when c.relkind = 'r' then pg_table_size(c.oid) else 0 end,
                'columns', coalesce((select json_agg(a.attname order by a.attnum) from pg_attribute a
                    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''), '[]'),
                'parents', coalesce((select json_agg(i.inhparent::bigint) from pg_inherits i where i.inhrelid = c.oid), '[]'))
            order by n.nspname, c.relname), '[]')
        from pg_catalog.pg_class c join pg_namespace n on n.oid = c.relnamespace left join declared on declared.oid = c.oid
        where c.relkind in ('r', 'p', 'f') and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
          and (declared.oid is not null or not exists (select from pg_depend d
              where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'))
        """;

    public const string StructureSql = """
        with owned as (select classid, objid from pg_catalog.pg_depend where deptype = 'e'),
        spaces as (select oid, nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'),
        relations as (select c.oid, c.relname, c.relkind, c.relispopulated, s.nspname from pg_class c join spaces s on s.oid = c.relnamespace
            where c.relpersistence <> 't' and not exists (select from owned o where o.classid = 'pg_class'::regclass and o.objid = c.oid))
        select json_build_object(
            'indexes', coalesce((select json_agg(json_build_object('oid', i.indexrelid::bigint, 'table', r.oid::bigint, 'schema', r.nspname,
                    'name', x.relname, 'definition', pg_get_indexdef(i.indexrelid)) order by r.nspname, x.relname)
                from pg_index i join relations r on r.oid = i.indrelid join pg_class x on x.oid = i.indexrelid
                where i.indisready and (i.indisvalid or r.relkind = 'p')), '[]'),
            'constraints', coalesce((select json_agg(json_build_object('oid', k.oid::bigint, 'table', k.conrelid::bigint,
                    'references', k.confrelid::bigint, 'schema', coalesce(r.nspname, s.nspname), 'owner', coalesce(r.relname, t.typname),
                    'name', k.conname, 'definition', pg_get_constraintdef(k.oid)) order by coalesce(r.nspname, s.nspname), k.conname)
                from pg_constraint k left join relations r on r.oid = k.conrelid left join pg_type t on t.oid = k.contypid
                left join spaces s on s.oid = t.typnamespace
                where k.contype in ('c', 'f', 'p', 'u', 'x') and not (k.contype = 'f' and k.conparentid <> 0)
                  and (r.oid is not null or s.oid is not null and not exists (select from owned o
                      where o.classid = 'pg_type'::regclass and o.objid = t.oid))), '[]'),
            'sequences', coalesce((select json_agg(json_build_object('oid', q.oid::bigint, 'schema', q.nspname, 'name', q.relname,
                    'usedBy', coalesce((select json_agg(distinct u.tableoid::bigint) from (
                        select refobjid as tableoid from pg_depend where classid = 'pg_class'::regclass and objid = q.oid
                            and refclassid = 'pg_class'::regclass and deptype in ('a', 'i')
                        union select a.adrelid from pg_depend d join pg_attrdef a on a.oid = d.objid
                            where d.classid = 'pg_attrdef'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = q.oid) u), '[]'))
                    order by q.nspname, q.relname)
                from relations q where q.relkind = 'S'), '[]'),
            'materializedViews', coalesce((select json_agg(json_build_object('oid', m.oid::bigint, 'schema', m.nspname, 'name', m.relname,
                    'populated', m.relispopulated) order by m.oid)
                from relations m where m.relkind = 'm'), '[]'),
            'counts', json_build_object(
                'views', (select count(*) from relations where relkind = 'v'),
                'materialized views', (select count(*) from relations where relkind = 'm'),
                'functions', (select count(*) from pg_proc p join spaces s on s.oid = p.pronamespace
                    where not exists (select from owned o where o.classid = 'pg_proc'::regclass and o.objid = p.oid)),
                'triggers', (select count(*) from pg_trigger g join relations r on r.oid = g.tgrelid where not g.tgisinternal),
                'types', (select count(*) from pg_type t join spaces s on s.oid = t.typnamespace where t.typtype in ('d', 'e', 'r')
                    and not exists (select from owned o where o.classid = 'pg_type'::regclass and o.objid = t.oid))))
        """;

    public const string LargeObjectPages = "COPY (SELECT loid, pageno, data FROM pg_catalog.pg_largeobject) TO STDOUT;";

    /// The rows of one table, in whatever order the server reads them. ONLY: what inherits from it has a stream of its own.
    public static string CopyOut(Table table)
    {
        var columns = string.Join(", ", table.Columns.Select(Names.Identifier));
        var name = Names.Identifier(table.Schema, table.Name);
        return table.Condition is { } condition
            ? $"COPY (SELECT {columns} FROM ONLY {name} {condition}) TO STDOUT;"
            : $"COPY {name}{(columns.Length > 0 ? $" ({columns})" : "")} TO STDOUT;";
    }

    public static string CopyIn(Table table)
    {
        var columns = string.Join(", ", table.Columns.Select(Names.Identifier));
        return $"COPY {Names.Identifier(table.Schema, table.Name)}{(columns.Length > 0 ? $" ({columns})" : "")} FROM STDIN";
    }

    /// A sequence's state is a row of its own relation, so the question names each of them.
    public static string SequenceStates(IEnumerable<Sequence> sequences) =>
        "select json_agg(json_build_object('schema', s, 'name', n, 'lastValue', last_value, 'isCalled', is_called)) from ("
        + string.Join(" union all ", sequences.Select(s =>
            $"select {Names.Literal(s.Schema)} as s, {Names.Literal(s.Name)} as n, last_value, is_called from {Names.Identifier(s.Schema, s.Name)}")) + ") q";

    public static string SetSequences(IEnumerable<SequenceState> states)
    {
        var sql = new StringBuilder();
        foreach (var state in states)
        {
            sql.Append("SELECT pg_catalog.setval(").Append(Names.Literal(Names.Identifier(state.Schema, state.Name)))
                .Append(System.Globalization.CultureInfo.InvariantCulture, $", {state.LastValue}, {(state.IsCalled ? "true" : "false")});\n");
        }

        return sql.ToString();
    }
}
