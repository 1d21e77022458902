using Microsoft.Data.Sqlite;

namespace MedicineMan.Host.Data;

/// Brings what SQLite's log holds into the database file, beside the writer. By default the commit that makes the log long does so itself, and whoever asked for it waits for the
/// flush of two files.
internal sealed class Checkpoints(string connectionString) : IAsyncDisposable
{
    /// The log's length, in pages of 4 KiB, at which a commit does it after all: while many write without a pause, only that shortens the log.
    public const int MostPages = 8000;

    private const int Often = 200;

    private int writes;
    private int running;
    private Task last = Task.CompletedTask;

    /// One more commit; now and then it starts the work, which nobody waits for.
    public void Wrote()
    {
        if (Interlocked.Increment(ref writes) >= Often && Interlocked.Exchange(ref running, 1) == 0)
        {
            Volatile.Write(ref writes, 0);
            last = Task.Run(Run);
        }
    }

    public async ValueTask DisposeAsync() => await last;

    private async Task Run()
    {
        try
        {
            await using var connection = new SqliteConnection(connectionString);
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            // Passive: it waits for nobody and nobody for it.
            command.CommandText = "pragma synchronous = full; pragma wal_checkpoint(passive)";
            await command.ExecuteNonQueryAsync();
        }
        catch (SqliteException)
        {
            // Left to the writer, whose error somebody hears of.
        }
        finally
        {
            Volatile.Write(ref running, 0);
        }
    }
}
