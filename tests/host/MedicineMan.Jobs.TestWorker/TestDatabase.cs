using System.Data;
using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace MedicineMan.Jobs.TestWorker;

/// The least a host must do for the queue, on either database.
public sealed class TestDatabase : IJobDatabase, IAsyncDisposable
{
    private readonly string connectionString;
    private readonly NpgsqlDataSource? postgres;
    private readonly SemaphoreSlim writer = new(1, 1);
    private readonly bool durable;
    private SqliteConnection? sqlite;

    public TestDatabase(SqlDialect dialect, string connectionString, bool durable = false)
    {
        (Dialect, this.connectionString, this.durable) = (dialect, connectionString, durable);
        postgres = dialect == SqlDialect.Postgres ? NpgsqlDataSource.Create(connectionString) : null;
    }

    public SqlDialect Dialect { get; }

    public string ConnectionString => connectionString;

    public async ValueTask<DbConnection> OpenRead(CancellationToken cancel) =>
        postgres is not null ? await postgres.OpenConnectionAsync(cancel) : await OpenSqlite(cancel);

    public async Task<T> Write<T>(Func<DbTransaction, Task<T>> work, CancellationToken cancel)
    {
        if (postgres is not null)
        {
            await using var connection = await postgres.OpenConnectionAsync(cancel);
            return await InTransaction(connection, work, cancel);
        }

        await writer.WaitAsync(cancel);
        try
        {
            sqlite ??= await OpenSqlite(cancel);
            return await InTransaction(sqlite, work, cancel);
        }
        finally
        {
            writer.Release();
        }
    }

    public Task<int> Execute(string sql, object? arguments = null) =>
        Write(transaction => transaction.Connection!.ExecuteAsync(sql, arguments, transaction), CancellationToken.None);

    public async Task<T> Query<T>(string sql, object? arguments = null)
    {
        await using var connection = await OpenRead(CancellationToken.None);
        return (await connection.ExecuteScalarAsync<T>(sql, arguments))!;
    }

    public async Task Migrate()
    {
        var jobs = typeof(JobQueue).Assembly;
        foreach (var name in jobs.GetManifestResourceNames().Where(name => name.EndsWith(".sql", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            await using var stream = jobs.GetManifestResourceStream(name)!;
            using var reader = new StreamReader(stream);
            await Execute((await reader.ReadToEndAsync())
                .Replace("{ordinal}", Dialect == SqlDialect.Postgres ? "collate \"C\"" : "", StringComparison.Ordinal)
                .Replace("{postgres}", Dialect == SqlDialect.Postgres ? "" : "-- ", StringComparison.Ordinal)
                .Replace(
                    "{serial}",
                    Dialect == SqlDialect.Postgres ? "bigint generated always as identity primary key" : "integer primary key autoincrement",
                    StringComparison.Ordinal));
        }

        // What the jobs of the tests do; without a constraint, so that a second effect of one job shows.
        await Execute("create table effects (job_id text not null, token bigint not null, worker text not null)");
    }

    public async ValueTask DisposeAsync()
    {
        await (postgres?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (sqlite?.DisposeAsync() ?? ValueTask.CompletedTask);
        writer.Dispose();
    }

    private async Task<SqliteConnection> OpenSqlite(CancellationToken cancel)
    {
        var connection = new SqliteConnection(connectionString);
        await connection.OpenAsync(cancel);
        await connection.ExecuteAsync($"pragma journal_mode = wal; pragma synchronous = {(durable ? "full" : "normal")}; pragma foreign_keys = on");
        return connection;
    }

    private static async Task<T> InTransaction<T>(DbConnection connection, Func<DbTransaction, Task<T>> work, CancellationToken cancel)
    {
        await using var transaction = connection is SqliteConnection sqlite
            ? sqlite.BeginTransaction(IsolationLevel.Serializable, deferred: false)
            : await connection.BeginTransactionAsync(cancel);
        var result = await work(transaction);
        await transaction.CommitAsync(CancellationToken.None);
        return result;
    }
}
