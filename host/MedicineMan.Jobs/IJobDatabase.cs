using System.Data.Common;

namespace MedicineMan.Jobs;

/// The SQL dialect of the database that holds the jobs.
public enum SqlDialect
{
    Sqlite,
    Postgres,
}

/// What the job engine needs of a database: the host's own database class is one.
public interface IJobDatabase
{
    SqlDialect Dialect { get; }

    /// An open connection for reading; the caller disposes it.
    ValueTask<DbConnection> OpenRead(CancellationToken cancel);

    /// Runs the work in one transaction and commits it; an exception rolls it back. On SQLite all writers take turns.
    Task<T> Write<T>(Func<DbTransaction, Task<T>> work, CancellationToken cancel);
}
