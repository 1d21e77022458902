using System.Data;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MedicineMan.Jobs.Signals;

/// Hears PostgreSQL's notifications for this process. After a gap it says that everything may have changed.
internal sealed partial class Listener(IJobDatabase database, JobChanges changes, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(30);

    public async Task Run(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await Listen(cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                Log.Lost(logger, exception);
                await Task.Delay(Pause, time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task Listen(CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(cancel) as NpgsqlConnection
            ?? throw new InvalidOperationException("The job database says it is PostgreSQL but opens no NpgsqlConnection.");
        connection.Notification += Hear;
        try
        {
            await Execute(connection, $"listen {JobChanges.Channel}", cancel);
            changes.PublishAll();
            while (true)
            {
                if (!await connection.WaitAsync(SignOfLife, cancel))
                {
                    // A connection that was cut without a word is found out by asking.
                    await Execute(connection, "select 1", cancel);
                }
            }
        }
        finally
        {
            connection.Notification -= Hear;
            await Unlisten(connection);
        }
    }

    // Whoever has the connection next did not ask to hear anything.
    private static async Task Unlisten(NpgsqlConnection connection)
    {
        try
        {
            if (connection.State == ConnectionState.Open)
            {
                await Execute(connection, "unlisten *", CancellationToken.None);
            }
        }
        catch (NpgsqlException)
        {
            // It was cut, and nobody gets it again.
        }
    }

    private void Hear(object sender, NpgsqlNotificationEventArgs notification)
    {
        foreach (var signal in JobSignal.Read(notification.Payload))
        {
            changes.Publish(signal);
        }
    }

    private static async Task Execute(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Lost the connection that hears about jobs; polling until it is back")]
        public static partial void Lost(ILogger logger, Exception exception);
    }
}
