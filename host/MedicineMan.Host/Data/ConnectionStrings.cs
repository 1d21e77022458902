using MedicineMan.Sdk;
using Npgsql;

namespace MedicineMan.Host.Data;

/// Tells the two databases apart by what an operator wrote, and reads the URL form that hosting providers hand out.
internal static class ConnectionStrings
{
    public static bool IsSqlite(string text) =>
        text.StartsWith("Data Source=", StringComparison.OrdinalIgnoreCase) || text.StartsWith("Filename=", StringComparison.OrdinalIgnoreCase);

    /// Statements that come again and again are planned once a connection, unless the operator says otherwise.
    public static string Prepared(string text)
    {
        var read = new NpgsqlConnectionStringBuilder(Postgres(text));
        if (!read.ContainsKey("Max Auto Prepare") || read.MaxAutoPrepare == 0)
        {
            (read.MaxAutoPrepare, read.AutoPrepareMinUsages) = (100, 3);
        }

        // Nobody leaves anything behind in a connection: no setting, no session lock, no temporary table; who listens ends that himself. Cleaning up takes the server as long as a short question.
        read.NoResetOnClose = true;

        return read.ToString();
    }

    public static string Postgres(string text)
    {
        if (!text.StartsWith("postgres://", StringComparison.Ordinal) && !text.StartsWith("postgresql://", StringComparison.Ordinal))
        {
            return text;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var url))
        {
            throw new UserFacingException("The database URL cannot be read. Write postgres://user:password@host:5432/database.");
        }

        var user = url.UserInfo.Split(':', 2);
        return new NpgsqlConnectionStringBuilder
        {
            Host = url.Host,
            Port = url.Port > 0 ? url.Port : 5432,
            Username = Uri.UnescapeDataString(user[0]),
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
            Database = Uri.UnescapeDataString(url.AbsolutePath.TrimStart('/')),
        }.ToString();
    }
}
