using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace MedicineMan.Jobs.Enqueueing;

/// A statement for rows of jobs, kept with its connection and bound anew for each: SQLite has no way there and back to save, and to find a driver's parameters by their names takes longer
/// than to insert the row.
internal static class SqliteInsert
{
    private static readonly string Sql = $"""
        insert into jobs ({string.Join(", ", NewJob.Columns)})
        values ({string.Join(", ", NewJob.Columns.Select(_ => "?"))})
        on conflict do nothing
        """;

    // A connection that goes takes its statement along.
    private static readonly ConditionalWeakTable<SqliteConnection, sqlite3_stmt> Kept = [];

    /// How many of the rows are there now; the others have a unique key that an unfinished job has.
    public static int Run(SqliteConnection connection, IReadOnlyList<NewJob> rows)
    {
        var statement = Kept.GetValue(connection, Prepare);
        return rows.Sum(row => Run(connection.Handle!, statement, row.Values()));
    }

    private static sqlite3_stmt Prepare(SqliteConnection connection)
    {
        SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v2(connection.Handle!, Sql, out var statement), connection.Handle!);
        return statement;
    }

    private static int Run(sqlite3 database, sqlite3_stmt statement, object?[] values)
    {
        for (var place = 0; place < values.Length; place++)
        {
            SqliteException.ThrowExceptionForRC(Bind(statement, place + 1, values[place]), database);
        }

        var result = raw.sqlite3_step(statement);
        _ = raw.sqlite3_reset(statement);
        if (result != raw.SQLITE_DONE)
        {
            SqliteException.ThrowExceptionForRC(result, database);
        }

        return raw.sqlite3_changes(database);
    }

    private static int Bind(sqlite3_stmt statement, int place, object? value) => value switch
    {
        null => raw.sqlite3_bind_null(statement, place),
        string text => raw.sqlite3_bind_text(statement, place, text),
        int number => raw.sqlite3_bind_int64(statement, place, number),
        _ => raw.sqlite3_bind_int64(statement, place, (long)value),
    };
}
