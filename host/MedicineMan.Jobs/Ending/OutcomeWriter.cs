using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace MedicineMan.Jobs.Ending;

/// Writes the outcomes that are ready together in one transaction, again and again until the database takes them.
internal sealed partial class OutcomeWriter(IJobDatabase database, Outcomes outcomes, SemaphoreSlim ownRows, TimeProvider time, ILogger logger)
{
    private const int Batch = 500;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Channel<Pending> queue = Channel.CreateUnbounded<Pending>(new() { SingleReader = true });

    /// True when the outcome counted, false when the lease was gone.
    public Task<bool> Write(Outcome outcome)
    {
        var pending = new Pending(outcome, new(TaskCreationOptions.RunContinuationsAsynchronously));
        queue.Writer.TryWrite(pending);
        return pending.Counted.Task;
    }

    public async Task Run(CancellationToken cancel)
    {
        var size = Batch;
        while (!cancel.IsCancellationRequested)
        {
            var batch = new List<Pending>();
            try
            {
                await queue.Reader.WaitToReadAsync(cancel);
                while (batch.Count < size && queue.Reader.TryRead(out var pending))
                {
                    batch.Add(pending);
                }

                var accepted = await Apply(batch, cancel);
                size = Batch;
                batch.ForEach(pending => pending.Counted.SetResult(accepted.Contains(pending.Outcome.Key)));
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                // Back to the end of the queue and one by one from here, so that one the database will not take does not hold up the others.
                Log.NotWritten(logger, exception, batch.Count);
                size = 1;
                batch.ForEach(pending => queue.Writer.TryWrite(pending));
                await Task.Delay(Pause, time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task<IReadOnlySet<RunKey>> Apply(List<Pending> batch, CancellationToken cancel)
    {
        // The heartbeat updates the same rows; taking turns keeps the two from deadlocking in PostgreSQL.
        await ownRows.WaitAsync(cancel);
        try
        {
            return await database.Write(
                transaction => outcomes.Apply(transaction, [.. batch.Select(pending => pending.Outcome)], CancellationToken.None), CancellationToken.None);
        }
        finally
        {
            ownRows.Release();
        }
    }

    private sealed record Pending(Outcome Outcome, TaskCompletionSource<bool> Counted);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The outcomes of {Count} jobs cannot be written now; trying again")]
        public static partial void NotWritten(ILogger logger, Exception exception, int count);
    }
}
