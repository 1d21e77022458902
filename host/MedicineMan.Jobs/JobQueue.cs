using System.Data.Common;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs;

/// The durable queue: what is asked of it happens in the caller's transaction, together with what the caller writes, or not at all.
/// Workers claim rows with a fenced lease; nothing that matters lives in memory only.
public sealed partial class JobQueue
{
    private const string CancelWaitingSql = """
        update jobs set state = 'cancelled', ended_at = @now, cancel_requested = 1
        where organization_id = @organization and id = @id and state in ('scheduled', 'ready', 'retrying')
        returning group_id
        """;

    private const string CancelRunningSql = """
        update jobs set cancel_requested = 1
        where organization_id = @organization and id = @id and state = 'running' and cancel_requested = 0
        """;

    private readonly IJobDatabase database;
    private readonly TimeProvider time;
    private readonly JobChanges changes;
    private readonly EnqueueWriter writer;
    private readonly JobIds ids = new();

    public JobQueue(IJobDatabase database, TimeProvider time, JobChanges changes)
    {
        (this.database, this.time, this.changes) = (database, time, changes);
        writer = new EnqueueWriter(database, changes);
    }

    /// Adds the job in a transaction of the queue's own, which callers at the same time share, and returns when it is durable: its id, or that
    /// of the unfinished job that has the same unique key. The fastest way for one job that belongs to nothing else the caller writes.
    public Task<string> Enqueue(JobRequest request, CancellationToken cancel) => writer.Write(NewJob.Of(request, time.GetUtcNow(), ids), cancel);

    /// Adds the job and returns its id, or the id of the unfinished job that has the same unique key.
    public async Task<string> Enqueue(DbTransaction transaction, JobRequest request, CancellationToken cancel) =>
        (await Insert(transaction, NewJob.Of(request, time.GetUtcNow(), ids), cancel))[0];

    /// The same for many, in few statements; the ids in the order of the requests. All of them are good, or none is added.
    public async Task<IReadOnlyList<string>> EnqueueMany(DbTransaction transaction, IReadOnlyList<JobRequest> requests, CancellationToken cancel)
    {
        const int chunk = 1000;
        var now = time.GetUtcNow();
        var rows = NewJob.Of(requests, now, ids, null);
        var added = new List<string>(rows.Count);
        foreach (var some in rows.Chunk(chunk))
        {
            added.AddRange(await Insertion.Insert(transaction, some, null, cancel));
        }

        await Announce(transaction, rows, cancel);
        return added;
    }

    /// Adds jobs that belong together, and what is to be enqueued when the last of them has ended. Returns the group's id.
    public async Task<string> EnqueueGroup(DbTransaction transaction, JobGroupRequest group, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var (id, rows) = await Groups.Add(transaction, group, now, ids, cancel);
        await Announce(transaction, rows, cancel);
        return id;
    }

    /// Cancels a waiting job at once and asks a running one to stop; false when the job has ended, or was asked already.
    public async Task<bool> Cancel(DbTransaction transaction, string organization, string id, CancellationToken cancel)
    {
        // A worker can claim the job between the two statements or give it back, so the first is asked twice.
        var done = await CancelWaiting(transaction, organization, id, cancel)
            || await transaction.Run(CancelRunningSql, new { organization, id }, cancel) > 0
            || await CancelWaiting(transaction, organization, id, cancel);
        if (done)
        {
            await changes.Announce(transaction, [new(JobSignal.IsCancelled, organization, id)], cancel);
        }

        return done;
    }

    private async Task<bool> CancelWaiting(DbTransaction transaction, string organization, string id, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        if (await transaction.Rows<string?>(CancelWaitingSql, new { organization, id, now = now.Milliseconds() }, cancel) is not [var group])
        {
            return false;
        }

        if (group is not null)
        {
            await changes.Announce(transaction, await Groups.Ended(transaction, [new(organization, group, Failed: true)], now, cancel), cancel);
        }

        return true;
    }

    private async Task<IReadOnlyList<string>> Insert(DbTransaction transaction, NewJob row, CancellationToken cancel)
    {
        var payload = changes.Payload([row.Signal]);
        var ids = await Insertion.Insert(transaction, [row], payload, cancel);
        if (payload is null)
        {
            await Announce(transaction, [row], cancel);
        }

        return ids;
    }

    private Task Announce(DbTransaction transaction, IReadOnlyList<NewJob> rows, CancellationToken cancel) =>
        changes.Announce(transaction, rows.Select(row => row.Signal), cancel);
}
