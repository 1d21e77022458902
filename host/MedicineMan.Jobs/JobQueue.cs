using System.Data.Common;
using System.Text.Json;
using MedicineMan.Jobs.Rows;
using MedicineMan.Jobs.Work;

namespace MedicineMan.Jobs;

/// The durable queue: what is asked of it happens in the caller's transaction, together with what the caller writes, or not at all.
/// Workers claim rows with a fenced lease; nothing that matters lives in memory only.
public sealed partial class JobQueue(IJobDatabase database, TimeProvider time, JobChanges changes)
{
    private const string InsertSql = """
        insert into jobs (id, organization_id, type, version, arguments, title, server_id, requested_by, concurrency_key, unique_key,
            priority, state, attempt, failures, max_attempts, time_limit, created_at, due_at, lease_token, cancel_requested)
        values (@Id, @Organization, @Type, @Version, @Arguments, @Title, @ServerId, @RequestedBy, @ConcurrencyKey, @UniqueKey,
            @Priority, @State, 0, 0, @MaxAttempts, @TimeLimit, @CreatedAt, @DueAt, 0, 0)
        on conflict do nothing
        """;

    private const string UnfinishedSql = """
        select id from jobs where organization_id = @Organization and unique_key = @UniqueKey and ended_at is null
        """;

    private const string CancelWaitingSql = """
        update jobs set state = 'cancelled', ended_at = @now, cancel_requested = 1
        where organization_id = @organization and id = @id and state in ('scheduled', 'ready', 'retrying')
        """;

    private const string CancelRunningSql = """
        update jobs set cancel_requested = 1
        where organization_id = @organization and id = @id and state = 'running' and cancel_requested = 0
        """;

    private const string RetrySql = """
        update jobs set state = 'ready', due_at = @now, failures = 0, cancel_requested = 0, ended_at = null
        where organization_id = @organization and id = @id and state in ('retrying', 'dead', 'cancelled')
          and not exists (select 1 from jobs twin
            where twin.organization_id = jobs.organization_id and twin.unique_key = jobs.unique_key and twin.ended_at is null and twin.id <> jobs.id)
        """;

    /// Adds the job and returns its id, or the id of the unfinished job that has the same unique key.
    public async Task<string> Enqueue(DbTransaction transaction, JobRequest request, CancellationToken cancel)
    {
        Check(request);
        var now = time.GetUtcNow();
        var due = request.NotBefore is { } later && later > now ? later : now;
        var id = Guid.CreateVersion7(now).ToString("N");
        var row = new
        {
            Id = id,
            request.Organization,
            request.Type,
            request.Version,
            request.Arguments,
            request.Title,
            request.ServerId,
            request.RequestedBy,
            request.ConcurrencyKey,
            request.UniqueKey,
            request.Priority,
            State = (due > now ? JobState.Scheduled : JobState.Ready).Stored(),
            request.MaxAttempts,
            TimeLimit = (long?)request.TimeLimit?.TotalMilliseconds,
            CreatedAt = now.Milliseconds(),
            DueAt = due.Milliseconds(),
        };

        // The job in the way can end between the insert and the question which one it is; then the insert has its turn again.
        while (await transaction.Run(InsertSql, row, cancel) == 0)
        {
            var unfinished = await transaction.Rows<string>(UnfinishedSql, row, cancel);
            if (unfinished is [var other])
            {
                return other;
            }
        }

        await changes.Announce(transaction, [new(due > now ? JobSignal.IsChanged : JobSignal.IsReady, request.Organization, id)], cancel);
        return id;
    }

    /// Cancels a waiting job at once and asks a running one to stop; false when the job has ended, or was asked already.
    public async Task<bool> Cancel(DbTransaction transaction, string organization, string id, CancellationToken cancel)
    {
        var job = new { organization, id, now = time.GetUtcNow().Milliseconds() };

        // A worker can claim the job between the two statements or give it back, so the first is asked twice.
        var done = await transaction.Run(CancelWaitingSql, job, cancel)
            + await transaction.Run(CancelRunningSql, job, cancel);
        done += done == 0 ? await transaction.Run(CancelWaitingSql, job, cancel) : 0;
        if (done > 0)
        {
            await changes.Announce(transaction, [new(JobSignal.IsCancelled, organization, id)], cancel);
        }

        return done > 0;
    }

    /// Runs a dead, cancelled or waiting-to-retry job again now, with all its attempts before it; false when it is in another state, or
    /// when another unfinished job has its unique key.
    public async Task<bool> Retry(DbTransaction transaction, string organization, string id, CancellationToken cancel)
    {
        var done = await transaction.Run(RetrySql, new { organization, id, now = time.GetUtcNow().Milliseconds() }, cancel);
        if (done > 0)
        {
            await changes.Announce(transaction, [new(JobSignal.IsReady, organization, id)], cancel);
        }

        return done > 0;
    }

    private static void Check(JobRequest request)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(request.Organization);
        ArgumentException.ThrowIfNullOrWhiteSpace(request.Type);
        ArgumentOutOfRangeException.ThrowIfLessThan(request.MaxAttempts, 1);
        try
        {
            using var arguments = JsonDocument.Parse(request.Arguments);
        }
        catch (JsonException exception)
        {
            throw new ArgumentException($"The arguments of the job {request.Type} are not JSON.", nameof(request), exception);
        }
    }
}
