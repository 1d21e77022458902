using System.Data.Common;
using MedicineMan.Host.Organizations;
using MedicineMan.Jobs;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace MedicineMan.Host.Data;

/// The one door to the database: SQLite by default (many readers, one writer at a time), PostgreSQL when a connection string names it.
internal sealed class Database : IJobDatabase, IAsyncDisposable
{
    private const int MostAttempts = 5;

    private readonly string sqlite = "";
    private readonly string sqliteRead = "";
    private readonly NpgsqlDataSource? postgres;
    private readonly SemaphoreSlim writing = new(1, 1);
    private readonly Checkpoints? checkpoints;
    private SqliteConnection? writer;

    static Database() => TypeHandlers.Register();

    /// <param name="connectionString">
    /// <c>Data Source=…</c> for SQLite; <c>Host=…</c> or <c>postgres://…</c> for PostgreSQL.
    /// </param>
    public Database(string connectionString)
    {
        if (ConnectionStrings.IsSqlite(connectionString))
        {
            Dialect = SqlDialect.Sqlite;
            sqlite = new SqliteConnectionStringBuilder(connectionString) { ForeignKeys = true, DefaultTimeout = 30 }.ToString();
            // Foreign keys are for the writer; asking for them costs each reader a statement of its own.
            sqliteRead = new SqliteConnectionStringBuilder(connectionString) { DefaultTimeout = 30 }.ToString();
            checkpoints = new Checkpoints(sqliteRead);
        }
        else
        {
            Dialect = SqlDialect.Postgres;
            postgres = NpgsqlDataSource.Create(ConnectionStrings.Prepared(connectionString));
        }
    }

    public SqlDialect Dialect { get; }

    public async ValueTask<DbConnection> OpenRead(CancellationToken cancel)
    {
        if (postgres is not null)
        {
            return await postgres.OpenConnectionAsync(cancel);
        }

        var connection = new SqliteConnection(sqliteRead);
        await connection.OpenAsync(cancel);
        return connection;
    }

    /// The organisation is named at the door so that row-level security can be switched on without touching a store.
    public ValueTask<DbConnection> OpenRead(OrganizationId organization, CancellationToken cancel)
    {
        ArgumentException.ThrowIfNullOrEmpty(organization.Value);
        return OpenRead(cancel);
    }

    /// One transaction. On PostgreSQL the work may be done again from its start when it met a deadlock: it changes nothing but the database.
    public async Task<T> Write<T>(Func<DbTransaction, Task<T>> work, CancellationToken cancel)
    {
        for (var attempt = 1; postgres is not null; attempt++)
        {
            try
            {
                await using var connection = await postgres.OpenConnectionAsync(cancel);
                await using var transaction = await connection.BeginTransactionAsync(cancel);
                var result = await work(transaction);
                await transaction.CommitAsync(cancel);
                return result;
            }
            catch (PostgresException deadlock) when (deadlock.SqlState == PostgresErrorCodes.DeadlockDetected && attempt < MostAttempts)
            {
                // Two wanted the same rows in another order, such as a plan and the head of the audit trail. Nothing of this one was kept.
            }
        }

        await writing.WaitAsync(cancel);
        try
        {
            return (await InTransaction(writer ??= await OpenWriter(cancel), work, _ => true, cancel)).Result;
        }
        finally
        {
            writing.Release();
        }
    }

    /// One transaction, on SQLite without waiting for the disk when the result says that its loss can be borne: it is there with the next commit that does wait. Else the work is done twice.
    public async Task<T> Write<T>(Func<DbTransaction, Task<T>> work, Func<T, bool> bearsLoss, CancellationToken cancel)
    {
        if (postgres is not null)
        {
            return await Write(work, cancel);
        }

        await writing.WaitAsync(cancel);
        try
        {
            writer ??= await OpenWriter(cancel);
            // It cannot be set within a transaction.
            await Set(writer, "synchronous = normal");
            try
            {
                if (await InTransaction(writer, work, bearsLoss, cancel) is { IsKept: true, Result: var result })
                {
                    return result;
                }
            }
            finally
            {
                await Set(writer, "synchronous = full");
            }

            return (await InTransaction(writer, work, _ => true, cancel)).Result;
        }
        finally
        {
            writing.Release();
        }
    }

    private async Task<(bool IsKept, T Result)> InTransaction<T>(SqliteConnection connection, Func<DbTransaction, Task<T>> work, Func<T, bool> keep, CancellationToken cancel)
    {
        await using var transaction = connection.BeginTransaction(deferred: false);
        var result = await work(transaction);
        if (!keep(result))
        {
            return (false, result);
        }

        await transaction.CommitAsync(cancel);
        checkpoints!.Wrote();
        return (true, result);
    }

    public Task Write(Func<DbTransaction, Task> work, CancellationToken cancel) =>
        Write(
            async transaction =>
            {
                await work(transaction);
                return true;
            },
            cancel);

    /// A plain connection string for what opens its own connection, such as LISTEN; null on SQLite.
    public NpgsqlDataSource? Postgres => postgres;

    public async ValueTask DisposeAsync()
    {
        if (postgres is not null)
        {
            await postgres.DisposeAsync();
        }

        if (checkpoints is not null)
        {
            await checkpoints.DisposeAsync();
        }

        if (writer is not null)
        {
            await writer.DisposeAsync();
        }

        writing.Dispose();
        if (Dialect is SqlDialect.Sqlite)
        {
            using var writers = new SqliteConnection(sqlite);
            SqliteConnection.ClearPool(writers);
            using var readers = new SqliteConnection(sqliteRead);
            SqliteConnection.ClearPool(readers);
        }
    }

    private async Task<SqliteConnection> OpenWriter(CancellationToken cancel)
    {
        var connection = new SqliteConnection(sqlite);
        await connection.OpenAsync(cancel);
        // FULL: a commit that was acknowledged survives a power cut. The jobs and the audit trail rest on that.
        await Set(connection, $"journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = {Checkpoints.MostPages}");
        return connection;
    }

    private static async Task Set(SqliteConnection connection, string setting)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = $"pragma {setting}";
        await command.ExecuteNonQueryAsync();
    }
}
