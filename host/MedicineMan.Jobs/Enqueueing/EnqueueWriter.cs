using System.Collections.Concurrent;

namespace MedicineMan.Jobs.Enqueueing;

/// Lets callers that enqueue at the same time share one transaction, and with it one flush of the disk: each is answered when its job is durable.
internal sealed class EnqueueWriter(IJobDatabase database, JobChanges changes)
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

    private async Task Write(List<Pending> batch, bool again = false)
    {
        // One that comes alone, and for the first time: what is tried again may be there already.
        var handover = batch is [var only] && !again ? changes.Takers.Take(only.Job) : null;
        try
        {
            List<NewJob> jobs = handover is null ? [.. batch.Select(pending => pending.Job)] : [batch[0].Job with { Taken = handover }];
            var ids = await Insert(jobs);
            handover?.Start();
            handover = null;
            // It is through by now, so nobody need be asked when it will be; workers of this process hear it before PostgreSQL tells them.
            foreach (var signal in JobSignal.Few(Signals(jobs)))
            {
                changes.Publish(signal);
            }

            for (var i = 0; i < batch.Count; i++)
            {
                batch[i].Id.SetResult(ids[i]);
            }
        }
        catch (Exception exception) when (batch.Count == 1)
        {
            handover?.Withdraw();
            batch[0].Id.SetException(exception);
        }
        catch (Exception)
        {
            // One that the database does not take fails alone.
            foreach (var pending in batch)
            {
                await Write([pending], again: true);
            }
        }
    }

    private async Task<IReadOnlyList<string>> Insert(List<NewJob> jobs)
    {
        var there = changes.Payload(Signals(jobs)) is { } payload ? await Insertion.InsertAtOnce(database, jobs, payload) : [];
        if (there.Count == jobs.Count)
        {
            return [.. jobs.Select(job => job.Id)];
        }

        // With a unique key that another job has, of so many organisations that one word does not hold them, or on SQLite, where workers hear of it without a word.
        List<NewJob> rest = [.. jobs.Where(job => !there.Contains(job.Id))];
        var others = await database.Write(
            async transaction =>
            {
                var ids = await Insertion.Insert(transaction, rest, null, CancellationToken.None);
                if (database.Dialect == SqlDialect.Postgres)
                {
                    await changes.Announce(transaction, Signals(rest), CancellationToken.None);
                }

                return ids;
            },
            CancellationToken.None);
        var known = rest.Zip(others).ToDictionary(pair => pair.First.Id, pair => pair.Second);
        return [.. jobs.Select(job => known.GetValueOrDefault(job.Id, job.Id))];
    }

    private static IEnumerable<JobSignal> Signals(IEnumerable<NewJob> jobs) => jobs.Select(job => job.Signal);

    private sealed record Pending(NewJob Job, TaskCompletionSource<string> Id, CancellationToken Cancel);
}
