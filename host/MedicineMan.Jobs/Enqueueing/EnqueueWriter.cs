using System.Collections.Concurrent;
using System.Data.Common;

namespace MedicineMan.Jobs.Enqueueing;

/// Lets callers that enqueue at the same time share one transaction, and with it one flush of the disk: each is answered when its job is durable.
internal sealed class EnqueueWriter(IJobDatabase database, JobChanges changes, Insertion insertion)
{
    private const int Batch = 500;

    private readonly ConcurrentQueue<Pending> queue = new();
    private int writing;

    /// A caller that cancels before its turn has enqueued nothing; after that the answer is waited for.
    public Task<string> Write(NewJob job, CancellationToken cancel)
    {
        var pending = new Pending(job, new(TaskCreationOptions.RunContinuationsAsynchronously), cancel);
        queue.Enqueue(pending);
        Begin();
        return pending.Id.Task;
    }

    private void Begin()
    {
        if (Interlocked.Exchange(ref writing, 1) == 0)
        {
            // Without the caller's execution context: what is ambient there, its transaction perhaps, is not ours.
            ThreadPool.UnsafeQueueUserWorkItem(_ => _ = WriteAll(), null);
        }
    }

    private async Task WriteAll()
    {
        var batch = new List<Pending>();
        while (true)
        {
            batch.Clear();
            while (batch.Count < Batch && queue.TryDequeue(out var pending))
            {
                if (pending.Cancel.IsCancellationRequested)
                {
                    pending.Id.SetCanceled(pending.Cancel);
                }
                else
                {
                    batch.Add(pending);
                }
            }

            if (batch.Count > 0)
            {
                await Write(batch);

                // Those who were answered go first: what they enqueue next shares a flush, in place of the first of them having one to himself.
                await Task.Yield();
            }
            else
            {
                Volatile.Write(ref writing, 0);
                if (queue.IsEmpty || Interlocked.Exchange(ref writing, 1) != 0)
                {
                    return;
                }
            }
        }
    }

    private async Task Write(List<Pending> batch)
    {
        try
        {
            List<NewJob> jobs = [.. batch.Select(pending => pending.Job)];
            var payload = changes.Payload(Signals(jobs));
            var ids = await database.Write(transaction => Insert(transaction, jobs, payload), CancellationToken.None);
            if (database.Dialect == SqlDialect.Sqlite)
            {
                // It is through by now, so nobody need be asked when it will be.
                foreach (var signal in JobSignal.Few(Signals(jobs)))
                {
                    changes.Publish(signal);
                }
            }

            for (var i = 0; i < batch.Count; i++)
            {
                batch[i].Id.SetResult(ids[i]);
            }
        }
        catch (Exception exception) when (batch.Count == 1)
        {
            batch[0].Id.SetException(exception);
        }
        catch (Exception)
        {
            // One that the database does not take fails alone.
            foreach (var pending in batch)
            {
                await Write([pending]);
            }
        }
    }

    private async Task<IReadOnlyList<string>> Insert(DbTransaction transaction, List<NewJob> jobs, string? payload)
    {
        var ids = await insertion.Insert(transaction, jobs, payload, CancellationToken.None);
        if (payload is null && database.Dialect == SqlDialect.Postgres)
        {
            // Of so many organisations that one word does not hold them.
            await changes.Announce(transaction, Signals(jobs), CancellationToken.None);
        }

        return ids;
    }

    private static IEnumerable<JobSignal> Signals(IEnumerable<NewJob> jobs) => jobs.Select(job => job.Signal);

    private sealed record Pending(NewJob Job, TaskCompletionSource<string> Id, CancellationToken Cancel);
}
