using MedicineMan.Host.Access;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Backups;
using MedicineMan.Host.Data;
using MedicineMan.Jobs.Monitoring;
using MedicineMan.Jobs.Pausing;
using MedicineMan.Jobs;
using MedicineMan.Sdk;
using System.Data.Common;
using System.Text.Json;

namespace MedicineMan.Host.JobScreens;

/// What a person may do to a job, each with its audit entry in the same transaction.
internal sealed class JobActions(Database database, JobQueue jobs, JobHandlers handlers, JobPauses pauses, JobMonitor monitor, Settlement settlement, AuditLog audit)
{
    /// <returns>False when the job has ended already.</returns>
    public Task<bool> Cancel(Visitor visitor, string job, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                var done = await jobs.Cancel(transaction, visitor.Organization.Value, job, cancel);
                if (done)
                {
                    await settlement.Settle(transaction, cancel);
                    await audit.Record(transaction, visitor.Organization, visitor.Actor, new AuditEntry("job.cancelled", "job", job, job), cancel);
                }

                return done;
            },
            cancel);

    /// Has a job run all dead ones of a kind again; returns its id.
    public Task<string> RetryDead(Visitor visitor, DeadScope scope, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                var what = scope.Type is null ? "all dead jobs" : $"dead jobs of the type {scope.Type}";
                var request = new JobRequest(visitor.Organization.Value, RetryDeadJobs.JobType, JsonSerializer.Serialize(scope, JsonSerializerOptions.Web))
                {
                    Title = $"Retry {what}", RequestedBy = visitor.Name, UniqueKey = $"retry-dead:{scope.Type}:{scope.Signature}", Priority = visitor.Actor.Priority,
                };
                var job = await jobs.Enqueue(transaction, request, cancel);
                var detail = new Dictionary<string, string> { ["scope"] = what, ["error"] = scope.Signature ?? "", ["upTo"] = scope.UpTo };
                await audit.Record(transaction, visitor.Organization, visitor.Actor, new AuditEntry("job.retried-many", "job", job, what) { Detail = detail }, cancel);
                return job;
            },
            cancel);

    /// The types of jobs that can be held back.
    public IReadOnlyList<string> Types => handlers.Types;

    /// The queues that can be: those that something is known of, and that of the backups.
    public static IReadOnlyList<string> Queues(IReadOnlyList<QueueBacklog> backlog) =>
        [.. backlog.Select(queue => queue.Queue).Append(BackupServices.Queue).Distinct().Order(StringComparer.Ordinal)];

    /// <returns>False when it is held back already.</returns>
    /// <exception cref="UserFacingException">Nothing has that name: who mistypes one must not believe that something is held back.</exception>
    public async Task<bool> Pause(Visitor visitor, PauseKind kind, string name, CancellationToken cancel)
    {
        var known = kind switch { PauseKind.Type => Types, PauseKind.Queue => Queues(await monitor.Backlog(cancel)), _ => [""] };
        var isKnown = known.Contains(name)
            || (kind is PauseKind.Type && (handlers.Find(name) is not null || (await jobs.Page(visitor.Organization.Value, new JobFilter { Type = name }, null, 1, cancel)).Count > 0));
        return !isKnown
            ? throw new UserFacingException($"There is no {(kind is PauseKind.Type ? "type of jobs" : "queue")} called {name}, and nothing was held back. There are {string.Join(", ", known)}.")
            : await Hold(visitor, "job.paused", kind, name, (transaction, pause) => pauses.Pause(transaction, pause, visitor.Name, cancel), cancel);
    }

    /// <returns>False when it is not held back.</returns>
    public Task<bool> Resume(Visitor visitor, PauseKind kind, string name, CancellationToken cancel) =>
        Hold(visitor, "job.resumed", kind, name, (transaction, pause) => pauses.Resume(transaction, pause, cancel), cancel);

    private Task<bool> Hold(Visitor visitor, string action, PauseKind kind, string name, Func<DbTransaction, JobPause, Task<bool>> act, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                var done = await act(transaction, new JobPause(visitor.Organization.Value, kind, name));
                if (done)
                {
                    await audit.Record(transaction, visitor.Organization, visitor.Actor, new AuditEntry(action, "queue", name, kind == PauseKind.All ? "all jobs" : name), cancel);
                }

                return done;
            },
            cancel);

    /// Whether it succeeded and can do the same once more, as another job.
    public bool CanRunAgain(JobRow job) => job.State is JobState.Succeeded && handlers.Find(job.Type) is { Policy.Repeatable: true };

    /// Does once more what a job that succeeded has done.
    /// <returns>The id of the new job, or of the one like it that is under way; null when it can't be.</returns>
    public async Task<string?> RunAgain(Visitor visitor, string id, CancellationToken cancel) =>
        await jobs.Find(visitor.Organization.Value, id, cancel) is not { } job || !CanRunAgain(job) ? null
        : await database.Write(
            async transaction =>
            {
                var request = new JobRequest(job.Organization, job.Type, job.Arguments)
                {
                    Version = job.Version, Title = job.Title, Queue = job.Queue, ServerId = job.ServerId, RequestedBy = visitor.Name, Priority = visitor.Actor.Priority, MaxAttempts = job.MaxAttempts,
                    ConcurrencyKey = job.ConcurrencyKey, ConcurrencyLimit = job.ConcurrencyLimit, SecondKey = job.SecondKey, SecondLimit = job.SecondLimit, UniqueKey = job.UniqueKey, TimeLimit = job.TimeLimit,
                };
                var again = await jobs.Enqueue(transaction, request, cancel);
                await audit.Record(transaction, visitor.Organization, visitor.Actor, new AuditEntry("job.run-again", "job", id, job.Title) { Detail = new Dictionary<string, string> { ["job"] = again } }, cancel);
                return again;
            },
            cancel);

    /// <returns>False when the job is not in a state to be run again.</returns>
    public Task<bool> Retry(Visitor visitor, string job, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                var done = await jobs.Retry(transaction, visitor.Organization.Value, job, cancel);
                if (done)
                {
                    await audit.Record(transaction, visitor.Organization, visitor.Actor, new AuditEntry("job.retried", "job", job, job), cancel);
                }

                return done;
            },
            cancel);
}
