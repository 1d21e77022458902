using System.Data.Common;

namespace MedicineMan.Jobs;

/// The two databases the queue runs on. What differs between them stands beside the statement it concerns.
public enum SqlDialect
{
    Sqlite,
    Postgres,
}

/// The host's database as the queue needs it. The engine works for all organisations at once, so its connections
/// must not be narrowed to one of them by row-level security.
public interface IJobDatabase
{
    SqlDialect Dialect { get; }

    /// A connection for reading, which the caller disposes; on PostgreSQL it must be an NpgsqlConnection, because one of them listens.
    ValueTask<DbConnection> OpenRead(CancellationToken cancel);

    /// Runs the work in one transaction and commits it; rolls back when the work throws. On SQLite all writes queue up behind one writer
    /// (BEGIN IMMEDIATE): a write that starts after another one was asked for sees what that one committed.
    Task<T> Write<T>(Func<DbTransaction, Task<T>> work, CancellationToken cancel);

    /// The same for work that a power cut may undo when its result says so. A database that must know before the transaction whether to flush it may begin without, and then do it
    /// all again; one where the work itself can say so, as on PostgreSQL, makes no difference.
    Task<T> Write<T>(Func<DbTransaction, Task<T>> work, Func<T, bool> bearsLoss, CancellationToken cancel) => Write(work, cancel);
}
