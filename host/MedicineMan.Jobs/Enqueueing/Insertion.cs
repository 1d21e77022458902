using System.Data.Common;
using Dapper;
using MedicineMan.Jobs.Rows;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace MedicineMan.Jobs.Enqueueing;

/// Puts jobs into the table, one or many in a single statement.
internal static class Insertion
{
    private static readonly string Names = string.Join(", ", NewJob.Columns);

    // The row itself may be there, and have ended, when it is not known whether it was written.
    private const string UnfinishedSql = """
        select id from jobs where organization_id = @Organization and unique_key = @UniqueKey and ended_at is null
        union all
        select id from jobs where id = @Id
        """;

    private static readonly string InsertSql = $"""
        insert into jobs ({Names})
        select {Names} from {Statements.Items(SqlDialect.Postgres, NewJob.TypedColumns)}
        on conflict do nothing
        returning id
        """;

    // On the same way there and back.
    private static readonly string TellingSql = $"{InsertSql};\n{JobChanges.NotifySql}";

    private const int FewRows = 50;

    private static readonly string CopySql = $"copy jobs ({Names}) from stdin (format binary)";

    /// On PostgreSQL, adds the rows, tells of them and commits on one way there and back. The ids of those that are there now: of all but those whose unique key was taken.
    public static async Task<HashSet<string>> InsertAtOnce(IJobDatabase database, IReadOnlyList<NewJob> rows, string payload)
    {
        // Statements sent together outside of a transaction are one of their own.
        await using var connection = await database.OpenRead(CancellationToken.None);
        return (await connection.QueryAsync<string>(TellingSql, new { rows = NewJob.Json(rows), payload })).ToHashSet(StringComparer.Ordinal);
    }

    /// The ids in the order of the rows; with a payload for PostgreSQL's listeners, they are told. For a row whose unique key an unfinished job has, the id of that one.
    public static async Task<IReadOnlyList<string>> Insert(DbTransaction transaction, IReadOnlyList<NewJob> rows, string? payload, CancellationToken cancel)
    {
        if (transaction.Connection is NpgsqlConnection postgres && payload is null && rows.Count > FewRows && rows.All(row => row.Request.UniqueKey is null))
        {
            await Copy(postgres, rows, cancel);
            return [.. rows.Select(row => row.Id)];
        }

        var inserted = transaction.Connection is SqliteConnection sqlite
            ? SqliteInsert.Run(sqlite, rows)
            : (await transaction.Rows<string>(payload is null ? InsertSql : TellingSql, new { rows = NewJob.Json(rows), payload }, cancel)).Count;
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
        await using var copy = await connection.BeginRawBinaryCopyAsync(CopySql, cancel);
        try
        {
            foreach (var piece in CopyContent.Of(rows.Select(row => row.Values())))
            {
                await copy.WriteAsync(piece, cancel);
            }
        }
        catch
        {
            // Left alone, it would end as if that were all.
            await copy.CancelAsync();
            throw;
        }
    }

    private static async Task<string> Unfinished(DbTransaction transaction, NewJob row, CancellationToken cancel)
    {
        while (true)
        {
            if (await transaction.Rows<string>(UnfinishedSql, new { row.Id, row.Request.Organization, row.Request.UniqueKey }, cancel) is [var id, ..])
            {
                return id;
            }

            // The job that was in the way has ended since; the insert has its turn again.
            if ((transaction.Connection is SqliteConnection sqlite ? SqliteInsert.Run(sqlite, [row]) : (await transaction.Rows<string>(InsertSql, new { rows = NewJob.Json([row]) }, cancel)).Count) > 0)
            {
                return row.Id;
            }
        }
    }
}
