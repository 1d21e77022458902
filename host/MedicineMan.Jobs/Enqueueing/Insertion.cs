using System.Data.Common;
using System.Runtime.CompilerServices;
using Dapper;
using MedicineMan.Jobs.Rows;
using Npgsql;

namespace MedicineMan.Jobs.Enqueueing;

/// Puts jobs into the table, one or many in a single statement.
internal sealed class Insertion(SqlDialect dialect)
{
    private static readonly string Names = string.Join(", ", NewJob.Columns);

    // The row itself may be there, and have ended, when it is not known whether it was written.
    private const string UnfinishedSql = """
        select id from jobs where organization_id = @Organization and unique_key = @UniqueKey and ended_at is null
        union all
        select id from jobs where id = @Id
        """;

    // "where true" keeps SQLite from reading "on conflict" as part of a join.
    private readonly string insertSql = $"""
        insert into jobs ({Names}, attempt, failures, lease_token, cancel_requested)
        select {Names}, 0, 0, 0, 0 from {Statements.Items(dialect, NewJob.TypedColumns)} where true
        on conflict do nothing
        returning id
        """;

    // On the same way there and back.
    private string TellingSql => $"{insertSql};\n{JobChanges.NotifySql}";

    private const int FewRows = 50;

    private static readonly string CopySql = $"copy jobs ({Names}, attempt, failures, lease_token, cancel_requested) from stdin (format binary)";

    // Those four, each 0: the token alone is of 8 bytes.
    private static readonly int[] ZeroColumns = [4, 4, 8, 4];

    // A connection that goes takes its statement along.
    private static readonly ConditionalWeakTable<DbConnection, DbCommand> Kept = [];

    private static readonly string OneSql = $"""
        insert into jobs ({Names}, attempt, failures, lease_token, cancel_requested)
        values ({string.Join(", ", NewJob.Columns.Select(name => $"@{name}"))}, 0, 0, 0, 0)
        on conflict do nothing
        """;

    /// On PostgreSQL, adds the rows, tells of them and commits on one way there and back. The ids of those that are there now: of all but those whose unique key was taken.
    public async Task<HashSet<string>> InsertAtOnce(IJobDatabase database, IReadOnlyList<NewJob> rows, string payload)
    {
        // Statements sent together outside of a transaction are one of their own.
        await using var connection = await database.OpenRead(CancellationToken.None);
        return (await connection.QueryAsync<string>(TellingSql, new { rows = NewJob.Json(rows), payload })).ToHashSet(StringComparer.Ordinal);
    }

    /// The ids in the order of the rows; with a payload for PostgreSQL's listeners, they are told. For a row whose unique key an unfinished job has, the id of that one.
    public async Task<IReadOnlyList<string>> Insert(DbTransaction transaction, IReadOnlyList<NewJob> rows, string? payload, CancellationToken cancel)
    {
        if (transaction.Connection is NpgsqlConnection postgres && payload is null && rows.Count > FewRows && rows.All(row => row.Request.UniqueKey is null))
        {
            await Copy(postgres, rows, cancel);
            return [.. rows.Select(row => row.Id)];
        }

        var inserted = dialect == SqlDialect.Sqlite
            ? await Each(transaction, rows, cancel)
            : (await transaction.Rows<string>(payload is null ? insertSql : TellingSql, new { rows = NewJob.Json(rows), payload }, cancel)).Count;
        if (inserted == rows.Count)
        {
            return [.. rows.Select(row => row.Id)];
        }

        var ids = new List<string>(rows.Count);
        foreach (var row in rows)
        {
            ids.Add(row.Request.UniqueKey is null ? row.Id : await Unfinished(transaction, row, cancel));
        }

        return ids;
    }

    /// Many rows cost a third of what they do as JSON. Nothing can be in the way of a row without a unique key.
    private static async Task Copy(NpgsqlConnection connection, IReadOnlyList<NewJob> rows, CancellationToken cancel)
    {
        // Made before anything is sent, so that a row that cannot be written leaves the connection as it was.
        var content = CopyContent.Of(rows.Select(row => row.Values()), NewJob.Columns.Length + ZeroColumns.Length, ZeroColumns);
        await using var copy = await connection.BeginRawBinaryCopyAsync(CopySql, cancel);
        await copy.WriteAsync(content, cancel);
    }

    /// SQLite has no way there and back to save: one statement, bound anew for each row and kept for the next time, costs less than reading JSON.
    private static async Task<int> Each(DbTransaction transaction, IReadOnlyList<NewJob> rows, CancellationToken cancel)
    {
        var command = Kept.GetValue(transaction.Connection!, connection =>
        {
            var made = connection.CreateCommand();
            made.CommandText = OneSql;
            foreach (var name in NewJob.Columns)
            {
                var parameter = made.CreateParameter();
                parameter.ParameterName = $"@{name}";
                made.Parameters.Add(parameter);
            }

            return made;
        });
        command.Transaction = transaction;
        var inserted = 0;
        foreach (var row in rows)
        {
            var place = 0;
            foreach (var value in row.Values())
            {
                command.Parameters[place++].Value = value ?? DBNull.Value;
            }

            inserted += await command.ExecuteNonQueryAsync(cancel);
        }

        return inserted;
    }

    private async Task<string> Unfinished(DbTransaction transaction, NewJob row, CancellationToken cancel)
    {
        while (true)
        {
            if (await transaction.Rows<string>(UnfinishedSql, new { row.Id, row.Request.Organization, row.Request.UniqueKey }, cancel) is [var id, ..])
            {
                return id;
            }

            // The job that was in the way has ended since; the insert has its turn again.
            if ((dialect == SqlDialect.Sqlite ? await Each(transaction, [row], cancel) : (await transaction.Rows<string>(insertSql, new { rows = NewJob.Json([row]) }, cancel)).Count) > 0)
            {
                return row.Id;
            }
        }
    }
}
