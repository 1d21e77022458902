using System.Data.Common;

namespace MedicineMan.Jobs.Tests.Fixtures;

/// A worker's way to the database, which a test can cut: to everybody else the worker is then as good as dead.
internal sealed class CuttableDatabase(IJobDatabase inner) : IJobDatabase
{
    private int writes;

    public bool IsCut { get; set; }

    public int Writes => writes;

    public SqlDialect Dialect => inner.Dialect;

    public ValueTask<DbConnection> OpenRead(CancellationToken cancel) => IsCut ? throw new IOException("The line is cut.") : inner.OpenRead(cancel);

    public Task<T> Write<T>(Func<DbTransaction, Task<T>> work, CancellationToken cancel)
    {
        Interlocked.Increment(ref writes);
        return IsCut ? throw new IOException("The line is cut.") : inner.Write(work, cancel);
    }
}
