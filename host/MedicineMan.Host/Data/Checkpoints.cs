using Microsoft.Data.Sqlite;

namespace MedicineMan.Host.Data;

/// Brings what SQLite's log holds into the database file when nobody writes. By default a commit that makes the log a little longer does so itself, and whoever asked for it waits for
/// the flush of two files; beside commits it would hold up all of them, since the disk flushes one after the other.
internal sealed class Checkpoints(string connectionString) : IAsyncDisposable
{
    /// The log's length, in pages of 4 KiB, at which a commit does it after all: while many write without a pause, only that shortens the log.
    public const int MostPages = 8000;

    private const int Often = 200;
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(200);

    private readonly CancellationTokenSource end = new();
    private long written;
    private int writes;
    private int running;
    private Task last = Task.CompletedTask;

    /// One more commit; after some, the next pause is used.
    public void Wrote()
    {
        Volatile.Write(ref written, Environment.TickCount64);
        if (Interlocked.Increment(ref writes) >= Often && Interlocked.Exchange(ref running, 1) == 0)
        {
            last = Task.Run(Run);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        await last;
        end.Dispose();
    }

    private async Task Run()
    {
        try
        {
            while (Environment.TickCount64 - Volatile.Read(ref written) < Quiet.TotalMilliseconds)
            {
                await Task.Delay(Quiet, end.Token);
            }

            Volatile.Write(ref writes, 0);
            await using var connection = new SqliteConnection(connectionString);
            await connection.OpenAsync(end.Token);
            await using var command = connection.CreateCommand();
            // Passive: it waits for nobody and nobody for it.
            command.CommandText = "pragma synchronous = full; pragma wal_checkpoint(passive)";
            await command.ExecuteNonQueryAsync(end.Token);
        }
        catch (Exception failure) when (failure is SqliteException or OperationCanceledException)
        {
            // Left to the writer, whose error somebody hears of.
        }
        finally
        {
            Volatile.Write(ref running, 0);
        }
    }
}
