using MedicineMan.Sdk.Scanning;

namespace MedicineMan.Plugins.Postgres.Scanning;

/// What the scan runs: reads only, in dash and busybox, and asks a server only as its owner when the scan is root already.
internal static class ScanSections
{
    // Children call themselves "postgres: checkpointer"; the server itself keeps its arguments. Tabs part them, because paths can hold spaces.
    private const string Processes = """
        for p in /proc/[0-9]*; do
          c=; { read -r c <"$p/comm"; } 2>/dev/null
          case $c in postgres|postmaster) ;; *) continue ;; esac
          a=$(tr '\000' '\t' <"$p/cmdline" 2>/dev/null | cut -c1-2048)
          case $a in ''|postgres:*) continue ;; esac
          d=$(printf '%s' "$a" | awk -F '\t' '{ for (i = 2; i <= NF; i++) { if ($i == "-D") { print $(i + 1); exit } if ($i ~ /^-D./) { print substr($i, 3); exit } } }')
          printf 'process\t%s\t%s\t%s\n' "$(stat -c %U "$p" 2>/dev/null)" "$(tail -n 1 "$p/cgroup" 2>/dev/null)" "$a"
          [ -n "$d" ] && { read -r v <"$d/PG_VERSION"; } 2>/dev/null && printf 'major\t%s\n' "$v"
          [ -n "$d" ] && [ -r "$d/postmaster.pid" ] && awk 'NR == 4 { printf "port\t%s\n", $0 } NR == 5 { printf "socket\t%s\n", $0 }' "$d/postmaster.pid"
        done
        """;

    private const string Configurations = """
        for f in /etc/postgresql/*/*/postgresql.conf; do
          [ -f "$f" ] || continue
          printf 'conf\t%s\n' "$f"
          [ -r "$f" ] && grep -E '^[[:space:]]*(port|data_directory|unix_socket_directories)[[:space:]]*=?' "$f" | head -n 20
        done
        """;

    private const string Programs = """
        for b in /usr/lib/postgresql/*/bin/postgres /usr/pgsql-*/bin/postgres /usr/libexec/postgresql*/postgres /usr/local/pgsql/bin/postgres; do
          [ -x "$b" ] && printf '%s\t%s\n' "$b" "$(t 2 "$b" --version)"
        done
        """;

    // /proc/net/unix names every socket to everybody, wherever it lies. A fixed question to one after another, and none begun after six seconds.
    private const string Databases = """
        q=$(command -v psql) || for q in /usr/lib/postgresql/*/bin/psql /usr/pgsql-*/bin/psql; do :; done
        latest=$(($(date +%s) + 6))
        grep -o '/.*/\.s\.PGSQL\.[0-9]*$' /proc/net/unix 2>/dev/null | sort -u | head -n 64 | while IFS= read -r s; do
          o=$(stat -c %U "$s" 2>/dev/null)
          printf 'socket\t%s\t%s\n' "$o" "$s"
          [ -S "$s" ] && [ -x "$q" ] || continue
          [ "$(date +%s)" -le "$latest" ] || continue
          u=
          [ "$(id -u)" = 0 ] && [ -n "$o" ] && command -v runuser >/dev/null && u="runuser -u $o --"
          (cd / && PGCONNECT_TIMEOUT=2 t 3 $u "$q" -XAtqw -h "${s%/.s.PGSQL.*}" -p "${s##*.}" -d postgres -c "
            select 'answer' || chr(9) || json_build_object('version', current_setting('server_version'),
                'dataDirectory', (select setting from pg_settings where name = 'data_directory'),
                'databases', (select json_agg(json_build_object('name', datname, 'bytes',
                    case when has_database_privilege(oid, 'connect') then pg_database_size(oid) end) order by datname)
                  from pg_database where datallowconn and not datistemplate))" </dev/null)
        done
        """;

    public static readonly IReadOnlyList<ScanSection> All =
    [
        new("pgprocesses", Processes), new("pgconfigurations", Configurations), new("pgprograms", Programs), new("pgdatabases", Databases),
    ];
}
