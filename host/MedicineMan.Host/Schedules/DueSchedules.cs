using System.Data.Common;
using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Schedules;

/// Starts what is due. A schedule's row moves on in the transaction of the start and only from where it was read, so each due time is started once, however
/// many nodes have a clock and whenever one of them dies.
internal sealed partial class DueSchedules(Database database, ScheduleActions actions, AuditLog audit, ILogger<DueSchedules> log)
{
    // The latest due time that is late by less was not missed: a restart takes a while.
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(5);

    // Nor was any that is late by less: so long a tick can take.
    private static readonly TimeSpan Tardiness = TimeSpan.FromSeconds(30);

    // How soon one that waits for the end of what it started before asks again.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private const int Together = 100;
    private const string StillGoing = "The one before was still going.";

    // Of all organisations: the clock is everybody's, and each row says whose it is.
    private const string DueOfAllSql = $"select {ScheduleStore.Columns} from schedules where start_at <= @now order by start_at limit @Together";

    private const string MoveSql = """
        update schedules set due_at = @due, start_at = @start, waiting = 0
        where organization_id = @Organization and id = @Id and due_at = @DueAt and start_at = @StartAt
        """;

    // Its row is this transaction's already.
    private const string WaitSql = "update schedules set due_at = @due, start_at = @start, waiting = 1 where organization_id = @Organization and id = @Id";

    private const string RecordSql = """
        insert into schedule_starts (organization_id, schedule_id, due_at, at, outcome, reason, url)
        values (@Organization, @Id, @DueAt, @At, @Outcome, @Reason, @Url) on conflict do nothing
        """;

    /// Starts what has become due up to this moment. One that fails leaves the others be, and is tried again at the next tick.
    public async Task Tick(DateTimeOffset now, CancellationToken cancel)
    {
        foreach (var row in await Due(now, cancel))
        {
            try
            {
                await database.Write(transaction => Start(transaction, row, now, cancel), cancel);
            }
            catch (Exception failure) when (!cancel.IsCancellationRequested)
            {
                Log.Failed(log, row.Name, failure);
            }
        }
    }

    /// Starts a schedule's work because a person asked for it; its times stay as they are.
    /// <returns>Where what was started is seen; null when the one before has not ended.</returns>
    public Task<string?> StartNow(ScheduleRow row, Actor actor, DateTimeOffset now, CancellationToken cancel) =>
        database.Write(
            async transaction =>
            {
                var url = await actions.Of(row).Start(transaction, row.Organization, actor, row.Subject, cancel);
                await Record(transaction, row, new ScheduleStart(now, now, url is null ? "skipped" : "started", url is null ? StillGoing : $"Asked for by {actor.Name}.", url), cancel);
                await audit.Record(transaction, row.Organization, actor, new AuditEntry("schedule.started", "schedule", row.Id, row.Name), cancel);
                return url;
            },
            cancel);

    private async Task<IReadOnlyList<ScheduleRow>> Due(DateTimeOffset now, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(cancel);
        return [.. await connection.QueryAsync<ScheduleRow>(new CommandDefinition(DueOfAllSql, new { now, Together }, cancellationToken: cancel))];
    }

    private async Task Start(DbTransaction transaction, ScheduleRow row, DateTimeOffset now, CancellationToken cancel)
    {
        var plan = Plan(row, now);
        var outcomes = new List<ScheduleStart>();
        // Moved before anything is started: who comes second starts nothing.
        var moved = new CommandDefinition(
            MoveSql, new { row.Organization, row.Id, row.DueAt, row.StartAt, due = plan.Next, start = plan.NextStart }, transaction, cancellationToken: cancel);
        if (await transaction.Connection!.ExecuteAsync(moved) == 0)
        {
            return;
        }

        if (plan.Missed > 0)
        {
            var sentence = plan.Missed == 1 ? "Nothing ran at this time." : $"Nothing ran at this time and {plan.Missed - 1} before it.";
            outcomes.Add(new ScheduleStart(plan.LastMissed, now, "missed", sentence, null));
        }

        foreach (var (place, due) in plan.Due.Index())
        {
            var start = await Start(transaction, row, due, now, place < plan.MadeUp, cancel);
            if (start.Outcome == "skipped" && row.Overlap is Overlap.After)
            {
                // Kept at its due time until there is room; what becomes due meanwhile is done with it.
                await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                    WaitSql, new { row.Organization, row.Id, due, start = now + Patience }, transaction, cancellationToken: cancel));
                break;
            }

            outcomes.Add(start);
        }

        foreach (var outcome in outcomes)
        {
            await Record(transaction, row, outcome, cancel);
        }
    }

    /// Which due times are started, how many are left out as missed, and when it is due next.
    internal static DuePlan Plan(ScheduleRow row, DateTimeOffset now)
    {
        var (times, first) = (row.Times, row.DueAt!.Value);
        if (row.Waiting)
        {
            var after = times.Next(now);
            return new DuePlan([first], 0, 0, default, after, after is { } at ? times.StartOf(at) : null);
        }

        var (fresh, old, left, lastLeft) = (new List<DateTimeOffset>(), new Queue<DateTimeOffset>(), 0, first);
        var before = DateTimeOffset.MinValue;
        (DateTimeOffset Due, DateTimeOffset Start)? next = null;
        foreach (var (due, start) in times.From(first).Prepend((first, row.StartAt!.Value)))
        {
            if (start > now)
            {
                next = (due, start);
                break;
            }

            if (start == before && fresh.Count > 0)
            {
                // All that a blackout held back is done by one.
                fresh[^1] = due;
                continue;
            }

            if (fresh.Count > 0 && before <= now - Tardiness)
            {
                Miss(fresh[^1]);
                fresh.Clear();
            }

            before = start;
            if (start <= now - Grace)
            {
                Miss(due);
            }
            else
            {
                fresh.Add(due);
            }
        }

        // What is due now makes up for what was missed once.
        if (row.Missed is MissedRuns.Skip || (row.Missed is MissedRuns.Once && fresh.Count > 0))
        {
            (left, lastLeft) = (left + old.Count, old.Count > 0 ? old.Last() : lastLeft);
            old.Clear();
        }

        return new DuePlan([.. old, .. fresh], old.Count, left, lastLeft, next?.Due, next?.Start);

        void Miss(DateTimeOffset due)
        {
            old.Enqueue(due);
            if (old.Count > (row.Missed is MissedRuns.All ? row.MissedMost : 1))
            {
                (left, lastLeft) = (left + 1, old.Dequeue());
            }
        }
    }

    private async Task<ScheduleStart> Start(DbTransaction transaction, ScheduleRow row, DateTimeOffset due, DateTimeOffset now, bool madeUp, CancellationToken cancel)
    {
        try
        {
            return await actions.Of(row).Start(transaction, row.Organization, Actor.System, row.Subject, cancel) is { } url
                ? new ScheduleStart(due, now, "started", madeUp ? "Made up for later." : null, url)
                : new ScheduleStart(due, now, "skipped", StillGoing, null);
        }
        catch (UserFacingException refused)
        {
            return new ScheduleStart(due, now, "failed", refused.Message, null);
        }
    }

    private static async Task Record(DbTransaction transaction, ScheduleRow row, ScheduleStart start, CancellationToken cancel) =>
        await transaction.Connection!.ExecuteAsync(new CommandDefinition(
            RecordSql, new { row.Organization, row.Id, start.DueAt, start.At, start.Outcome, start.Reason, start.Url }, transaction, cancellationToken: cancel));

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Schedule {Schedule} could not be kept; it is tried again at the next tick")]
        public static partial void Failed(ILogger log, string schedule, Exception failure);
    }
}

/// <param name="Due">To be started, in order.</param>
/// <param name="MadeUp">How many of them, from the first, were missed.</param>
/// <param name="Missed">How many are left out.</param>
/// <param name="LastMissed">The latest of those.</param>
internal sealed record DuePlan(IReadOnlyList<DateTimeOffset> Due, int MadeUp, int Missed, DateTimeOffset LastMissed, DateTimeOffset? Next, DateTimeOffset? NextStart);
