using System.Globalization;
using System.Text;

namespace MedicineMan.Plugins.Postgres.Restoring;

/// The statements that give a database what pg_dump keeps outside it: owner, grants, settings, comment.
internal static class DatabaseSettings
{
    /// Their stored values are lists that are quoted already.
    private static readonly string[] Lists =
        ["search_path", "temp_tablespaces", "local_preload_libraries", "session_preload_libraries", "shared_preload_libraries", "unix_socket_directories"];

    public static string Sql(string name, RestorePlan plan)
    {
        var database = Names.Identifier(name);
        var was = plan.Manifest.Database;
        var sql = new StringBuilder();
        if (plan.KeepOwners)
        {
            sql.AppendLine(CultureInfo.InvariantCulture, $"ALTER DATABASE {database} OWNER TO {Names.Identifier(was.Owner)};");
            if (was.HasGrants)
            {
                sql.AppendLine(CultureInfo.InvariantCulture, $"REVOKE ALL ON DATABASE {database} FROM PUBLIC;");
            }

            foreach (var grant in was.Grants)
            {
                sql.AppendLine(CultureInfo.InvariantCulture, $"GRANT {grant.Privilege} ON DATABASE {database} TO {(grant.Grantee.Length == 0 ? "PUBLIC" : Names.Identifier(grant.Grantee))}{(grant.Grantable ? " WITH GRANT OPTION" : "")};");
            }
        }

        foreach (var (role, setting) in was.Settings.Where(s => plan.KeepOwners || s.Role is null))
        {
            var (key, value) = setting.IndexOf('=', StringComparison.Ordinal) is var at ? (setting[..at], setting[(at + 1)..]) : default;
            var who = role is null ? "" : $"ROLE {Names.Identifier(role)} IN ";
            sql.AppendLine(CultureInfo.InvariantCulture, $"ALTER {who}DATABASE {database} SET {Setting(key)} TO {(Lists.Contains(key) && value.Length > 0 ? value : Names.Literal(value))};");
        }

        if (was.Comment is { } comment)
        {
            sql.AppendLine(CultureInfo.InvariantCulture, $"COMMENT ON DATABASE {database} IS {Names.Literal(comment)};");
        }

        if (was.ConnectionLimit != -1)
        {
            sql.AppendLine(CultureInfo.InvariantCulture, $"ALTER DATABASE {database} CONNECTION LIMIT {was.ConnectionLimit};");
        }

        return sql.ToString();
    }

    /// An extension's setting has a dotted name; each part is an identifier.
    private static string Setting(string key) => string.Join('.', key.Split('.').Select(Names.Identifier));
}
