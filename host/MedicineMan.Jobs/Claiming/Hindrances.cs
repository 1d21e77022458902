using System.Data.Common;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Claiming;

/// A job that nothing holds back, and its place among those with its key, and its second key.
internal readonly record struct FreeJob(ClaimedJob Job, int Slot, int? Second);

/// Takes from the head of the line what must not run now, and puts it where no claim meets it again until that has changed: behind the running jobs
/// with its concurrency key, to its turn under a rate limit, aside while its type is paused, to an end when its deadline has passed.
internal sealed class Hindrances(IJobDatabase database, Pauses pauses, JobHandlers handlers, Outcomes outcomes)
{
    // Who has a key's lock sees all its running jobs; who ends one of them has it too, so that no job is put aside for one that has just ended.
    private readonly string lockSql = $"""
        select org as Organization, key as Key, place as Place from {Statements.Items(database.Dialect, "org text", "key text", "place bigint")}
        where pg_try_advisory_xact_lock(hashtextextended(org || '/' || key, place))
        """;

    private readonly string busySql = $"""
        select org as Organization, key as Key, 0 as Place, concurrency_slot as Slot
        from jobs join {Statements.Items(database.Dialect, "org text", "key text", "place bigint")} on organization_id = org and concurrency_key = key and place = 0 where state = 'running'
        union all
        select org, key, 1, second_slot
        from jobs join {Statements.Items(database.Dialect, "org text", "key text", "place bigint")} on organization_id = org and second_key = key and place = 1 where state = 'running'
        """;

    private readonly string nextSql = Lanes.NextSql(database.Dialect);

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

    /// Whether jobs of the type are known here, and neither a pause nor a rate holds them.
    public bool IsFree(string organization, string type) => !pauses.HoldType(organization, type) && handlers.Find(type) is { Policy.PerSecond: null };

    /// What is left of the line, in its order, and whether others came into it in place of what was put aside.
    public async Task<(IReadOnlyList<FreeJob> Free, bool Others)> Sieve(DbTransaction transaction, IReadOnlyList<ClaimedJob> line, DateTimeOffset now, CancellationToken cancel)
    {
        var late = line.Where(job => job.Deadline <= now.Milliseconds()).ToList();
        if (late.Count > 0)
        {
            await outcomes.Expire(transaction, late, now, cancel);
        }

        var paused = line.Except(late).Where(job => pauses.HoldType(job.Organization, job.Type)).ToList();
        await PutAside(transaction, [.. paused.Select(job => (job, Lanes.Paused(job.Organization, job.Type)))], cancel);
        var rest = await Grant(transaction, [.. line.Except(late).Except(paused)], now, cancel);
        return rest.Any(job => job.Keys.Count > 0) ? await Slots(transaction, rest, cancel) : ([.. rest.Select(job => new FreeJob(job, 0, null))], false);
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

    private async Task<(IReadOnlyList<FreeJob> Free, bool Others)> Slots(DbTransaction transaction, List<ClaimedJob> jobs, CancellationToken cancel)
    {
        var rows = Statements.Json(jobs.SelectMany(job => job.Keys).Select(key => new { Org = key.Organization, key.Key, key.Place }).Distinct());
        var mine = database.Dialect == SqlDialect.Postgres ? (await transaction.Rows<KeyName>(lockSql, new { rows }, cancel)).ToHashSet() : null;
        var busy = (await transaction.Rows<BusySlot>(busySql, new { rows }, cancel)).GroupBy(slot => slot.Name).ToDictionary(some => some.Key, some => some.Select(slot => (int)slot.Slot).ToHashSet());
        var (free, behind, passed) = (new List<FreeJob>(), new List<(ClaimedJob, string)>(), new List<SharedKey>());
        foreach (var job in jobs)
        {
            var keys = job.Keys;
            if (keys.Any(key => mine?.Contains(KeyName.Of(key)) == false))
            {
                // Another worker is at it; the job is met again at the next look.
                continue;
            }

            var slots = keys.Select(key => (Key: key, Slot: FirstFree(busy, key))).ToList();
            if (slots.Find(one => one.Slot is null).Key is { } full)
            {
                // Whom its other key has room for comes in its place.
                behind.Add((job, full.Lane));
                passed.AddRange(slots.Where(one => one.Slot is not null).Select(one => one.Key));
                continue;
            }

            foreach (var (key, slot) in slots)
            {
                busy[KeyName.Of(key)].Add(slot!.Value);
            }

            free.Add(new(job, job.ConcurrencyKey is null ? 0 : slots[0].Slot!.Value, job.SecondKey is null ? null : slots[^1].Slot));
        }

        await PutAside(transaction, behind, cancel);
        var others = 0;
        foreach (var some in passed.GroupBy(key => key.Lane).OrderBy(some => some.Key, StringComparer.Ordinal))
        {
            others += await transaction.Run(nextSql, new { lane = some.Key, some.First().Organization, most = Math.Min(some.Count(), some.First().Limit) }, cancel);
        }

        return (free, others > 0);
    }

    private static int? FirstFree(Dictionary<KeyName, HashSet<int>> busy, SharedKey key)
    {
        var name = KeyName.Of(key);
        var taken = busy.TryGetValue(name, out var known) ? known : busy[name] = [];
        return Enumerable.Range(0, key.Limit).Except(taken).Cast<int?>().FirstOrDefault();
    }

    private async Task PutAside(DbTransaction transaction, List<(ClaimedJob Job, string Lane)> jobs, CancellationToken cancel)
    {
        if (jobs.Count > 0)
        {
            var rows = jobs.Select(one => new { Job = one.Job.Id, Org = one.Job.Organization, ToLane = one.Lane });
            await transaction.Run(asideSql, new { rows = Statements.Json(rows) }, cancel);
        }
    }

    private sealed record KeyName
    {
        public required string Organization { get; init; }

        public required string Key { get; init; }

        public required long Place { get; init; }

        public static KeyName Of(SharedKey key) => new() { Organization = key.Organization, Key = key.Key, Place = key.Place };
    }

    private sealed record BusySlot
    {
        public required string Organization { get; init; }

        public required string Key { get; init; }

        public required long Place { get; init; }

        public required long Slot { get; init; }

        public KeyName Name => new() { Organization = Organization, Key = Key, Place = Place };
    }
}
