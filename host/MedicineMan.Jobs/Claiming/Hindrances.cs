using System.Data.Common;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Claiming;

/// A job that nothing holds back, and its place among those with its concurrency key.
internal readonly record struct FreeJob(ClaimedJob Job, int Slot);

/// Takes from the head of the line what must not run now, and puts it where no claim meets it again until that has changed: behind the running jobs
/// with its concurrency key, to its turn under a rate limit, aside while its type is paused, to an end when its deadline has passed.
internal sealed class Hindrances(IJobDatabase database, Pauses pauses, JobHandlers handlers, Outcomes outcomes)
{
    // Who has a key's lock sees all its running jobs; who ends one of them has it too, so that no job is put aside for one that has just ended.
    private readonly string lockSql = $"""
        select org as Organization, key as Key from {Statements.Items(database.Dialect, "org text", "key text")}
        where pg_try_advisory_xact_lock(hashtextextended(org || '/' || key, 0))
        """;

    private readonly string busySql = $"""
        select org as Organization, key as Key, concurrency_slot as Slot
        from jobs join {Statements.Items(database.Dialect, "org text", "key text")} on organization_id = org and concurrency_key = key where state = 'running'
        """;

    private readonly string asideSql = $"""
        update jobs set lane = to_lane from {Statements.Items(database.Dialect, "job text", "org text", "to_lane text")} where id = job and organization_id = org
        """;

    private readonly string laterSql = $"""
        update jobs set state = 'scheduled', due_at = due, granted = 1
        from {Statements.Items(database.Dialect, "job text", "org text", "due bigint")} where id = job and organization_id = org
        """;

    private const string RateSql = """
        insert into job_rates (type, next_at) values (@type, @first)
        on conflict (type) do update set next_at = case when job_rates.next_at > @now then job_rates.next_at else @now end + @all
        returning next_at
        """;

    public bool IsOpen(string lane) => !pauses.HoldLane(lane);

    /// What is left of the line, in its order.
    public async Task<IReadOnlyList<FreeJob>> Sieve(DbTransaction transaction, IReadOnlyList<ClaimedJob> line, DateTimeOffset now, CancellationToken cancel)
    {
        var late = line.Where(job => job.Deadline <= now.Milliseconds()).ToList();
        if (late.Count > 0)
        {
            await outcomes.Expire(transaction, late, now, cancel);
        }

        var paused = line.Except(late).Where(job => pauses.HoldType(job.Organization, job.Type)).ToList();
        await PutAside(transaction, paused, job => Lanes.Paused(job.Organization, job.Type), cancel);
        var rest = await Grant(transaction, [.. line.Except(late).Except(paused)], now, cancel);
        return rest.Any(job => job.ConcurrencyKey is not null) ? await Slots(transaction, rest, cancel) : [.. rest.Select(job => new FreeJob(job, 0))];
    }

    /// Gives each job of a type with a rate its turn: those whose turn is now stay, the others are scheduled for theirs.
    private async Task<List<ClaimedJob>> Grant(DbTransaction transaction, List<ClaimedJob> jobs, DateTimeOffset now, CancellationToken cancel)
    {
        var later = new Dictionary<string, long>();
        foreach (var some in jobs.Where(job => job.Granted == 0).GroupBy(job => job.Type).OrderBy(some => some.Key, StringComparer.Ordinal))
        {
            if (handlers.Find(some.Key)?.Policy.PerSecond is not { } rate)
            {
                continue;
            }

            var step = 1000 / rate;
            var all = (long)Math.Ceiling(step * some.Count());
            var moment = now.Milliseconds();
            var turn = (await transaction.Rows<long>(RateSql, new { type = some.Key, now = moment, all, first = moment + all }, cancel)).Single() - all;
            foreach (var (job, place) in some.Select((job, place) => (job, place)))
            {
                if (turn + (long)(step * place) is var due && due > moment)
                {
                    later[job.Id] = due;
                }
            }
        }

        if (later.Count == 0)
        {
            return jobs;
        }

        var rows = jobs.Where(job => later.ContainsKey(job.Id)).Select(job => new { Job = job.Id, Org = job.Organization, Due = later[job.Id] });
        await transaction.Run(laterSql, new { rows = Statements.Json(rows) }, cancel);
        return jobs.FindAll(job => !later.ContainsKey(job.Id));
    }

    private async Task<IReadOnlyList<FreeJob>> Slots(DbTransaction transaction, List<ClaimedJob> jobs, CancellationToken cancel)
    {
        var rows = Statements.Json(jobs.Where(job => job.ConcurrencyKey is not null).Select(job => new { Org = job.Organization, Key = job.ConcurrencyKey }).Distinct());
        var mine = database.Dialect == SqlDialect.Postgres ? (await transaction.Rows<KeyName>(lockSql, new { rows }, cancel)).ToHashSet() : null;
        var busy = (await transaction.Rows<BusySlot>(busySql, new { rows }, cancel))
            .GroupBy(slot => new KeyName { Organization = slot.Organization, Key = slot.Key }).ToDictionary(some => some.Key, some => some.Select(slot => slot.Slot).ToHashSet());
        var (free, behind) = (new List<FreeJob>(), new List<ClaimedJob>());
        foreach (var job in jobs)
        {
            if (job.ConcurrencyKey is null)
            {
                free.Add(new(job, 0));
                continue;
            }

            var key = new KeyName { Organization = job.Organization, Key = job.ConcurrencyKey };
            var slots = busy.TryGetValue(key, out var known) ? known : busy[key] = [];
            if (mine?.Contains(key) == false)
            {
                // Another worker is at it; the job is met again at the next look.
            }
            else if (Enumerable.Range(0, job.ConcurrencyLimit).Except(slots).Cast<int?>().FirstOrDefault() is { } slot)
            {
                slots.Add(slot);
                free.Add(new(job, slot));
            }
            else
            {
                behind.Add(job);
            }
        }

        await PutAside(transaction, behind, job => Lanes.Key(job.Organization, job.ConcurrencyKey!), cancel);
        return free;
    }

    private async Task PutAside(DbTransaction transaction, List<ClaimedJob> jobs, Func<ClaimedJob, string> lane, CancellationToken cancel)
    {
        if (jobs.Count > 0)
        {
            var rows = jobs.Select(job => new { Job = job.Id, Org = job.Organization, ToLane = lane(job) });
            await transaction.Run(asideSql, new { rows = Statements.Json(rows) }, cancel);
        }
    }

    private sealed record KeyName
    {
        public required string Organization { get; init; }

        public required string Key { get; init; }
    }

    private sealed record BusySlot
    {
        public required string Organization { get; init; }

        public required string Key { get; init; }

        public required int Slot { get; init; }
    }
}
