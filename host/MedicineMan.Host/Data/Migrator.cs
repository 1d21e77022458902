using System.Data.Common;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using MedicineMan.Jobs;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Data;

/// Brings the schema up to this version: numbered SQL files of each room, each once, all under one lock, all or none.
internal sealed class Migrator(Database database, TimeProvider time)
{
    private const string TableSql = """
        create table if not exists schema_migrations (
            name text primary key,
            checksum text not null,
            applied_at bigint not null
        )
        """;

    private const string AppliedSql = "select name, checksum from schema_migrations";
    private const string RecordSql = "insert into schema_migrations (name, checksum, applied_at) values (@name, @checksum, @now)";

    // Any number, the same in every process: two nodes that start together take turns.
    private const string LockSql = "select pg_advisory_xact_lock(6341107)";

    private static readonly Assembly[] Rooms = [typeof(Migrator).Assembly, typeof(IJobDatabase).Assembly];

    /// <returns>How many steps were applied.</returns>
    public Task<int> Migrate(CancellationToken cancel) => database.Write(transaction => Migrate(transaction, cancel), cancel);

    private async Task<int> Migrate(DbTransaction transaction, CancellationToken cancel)
    {
        var connection = transaction.Connection!;
        if (database.Dialect is SqlDialect.Postgres)
        {
            await connection.ExecuteAsync(new CommandDefinition(LockSql, transaction: transaction, cancellationToken: cancel));
        }

        await connection.ExecuteAsync(new CommandDefinition(TableSql, transaction: transaction, cancellationToken: cancel));
        var applied = (await connection.QueryAsync<Applied>(new CommandDefinition(AppliedSql, transaction: transaction, cancellationToken: cancel)))
            .ToDictionary(a => a.Name, a => a.Checksum);
        var steps = Steps();
        Refuse(applied, steps);
        var pending = steps.Where(step => !applied.ContainsKey(step.Name)).ToList();
        foreach (var step in pending)
        {
            // A step over a large table takes as long as it takes.
            await connection.ExecuteAsync(new CommandDefinition(Translate(step.Sql), transaction: transaction, commandTimeout: 0, cancellationToken: cancel));
            await connection.ExecuteAsync(new CommandDefinition(
                RecordSql, new { name = step.Name, checksum = step.Checksum, now = time.GetUtcNow() }, transaction, cancellationToken: cancel));
        }

        return pending.Count;
    }

    private static void Refuse(Dictionary<string, string> applied, List<Step> steps)
    {
        var known = steps.ToDictionary(step => step.Name, step => step.Checksum);
        foreach (var (name, checksum) in applied)
        {
            if (!known.TryGetValue(name, out var ours))
            {
                throw new UserFacingException(
                    $"The database was made by a newer Medicine Man (step {name} is unknown here). Start that version, or restore the database from before the upgrade.");
            }

            if (ours != checksum)
            {
                throw new UserFacingException($"The database step {name} differs from the one that was applied. This build does not fit the database; nothing was changed.");
            }
        }
    }

    /// Names read "Servers/0001_servers"; by number first, so that a room can lean on what another made in an earlier step.
    private static List<Step> Steps() =>
        [.. from room in Rooms
            from resource in room.GetManifestResourceNames()
            where resource.EndsWith(".sql", StringComparison.Ordinal)
            let parts = resource.Split('.')
            let name = $"{parts[^4]}/{parts[^2]}"
            orderby parts[^2][..4], name
            select new Step(name, Read(room, resource))];

    private static string Read(Assembly room, string resource)
    {
        using var reader = new StreamReader(room.GetManifestResourceStream(resource)!);
        return reader.ReadToEnd();
    }

    // {ordinal} is text whose order does not depend on the database's language, which SQLite has no need to be told; {postgres} begins a line that is for PostgreSQL alone.
    private string Translate(string sql) => database.Dialect is SqlDialect.Postgres
        ? sql.Replace("{ordinal}", "collate \"C\"", StringComparison.Ordinal).Replace("{bytes}", "bytea", StringComparison.Ordinal)
            .Replace("{postgres}", "", StringComparison.Ordinal).Replace("{serial}", "bigint generated always as identity primary key", StringComparison.Ordinal)
        : sql.Replace("{ordinal}", "", StringComparison.Ordinal).Replace("{bytes}", "blob", StringComparison.Ordinal)
            .Replace("{postgres}", "-- ", StringComparison.Ordinal).Replace("{serial}", "integer primary key autoincrement", StringComparison.Ordinal);

    private sealed record Step(string Name, string Sql)
    {
        public string Checksum { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql)));
    }

    private sealed record Applied
    {
        public required string Name { get; init; }

        public required string Checksum { get; init; }
    }
}
