using System.Data.Common;
using Dapper;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Claiming;

/// What a worker asks for: jobs for its free places, and some more in reserve, when its jobs are so short that asking for each would take longer than running it.
internal sealed record Wanted(string Worker, int Places, int Reserve, bool Suspect, DateTimeOffset Now, TimeSpan Lease)
{
    /// Null for all.
    public IReadOnlyCollection<string>? Queues { get; init; }
}

/// Hands ready jobs to one worker each: the lanes of the organisations in turn, in each the best first.
internal sealed class Claims(IJobDatabase database, JobChanges changes, Hindrances hindrances)
{
    private const int MostLanes = 64;

    // Jumps from lane to lane, so that a long line costs as much as a short one.
    private const string LanesSql = """
        with recursive open (lane, place) as (
            select (select min(lane) from jobs where state = 'ready' and lane > @after and lane < '~'), 1
            union all
            select (select min(lane) from jobs where state = 'ready' and lane > open.lane and lane < '~'), place + 1
            from open where open.lane is not null and place < @most
        ), start (lane, place) as (
            select (select min(lane) from jobs where state = 'ready' and lane <= @after and lane < '~'), 1
            union all
            select (select min(lane) from jobs where state = 'ready' and lane > start.lane and lane <= @after), place + 1
            from start where start.lane is not null and place < @most
        )
        select lane from (select lane, 1 as turn from open where lane is not null union all select lane, 2 from start where lane is not null) as lanes
        order by turn, lane limit @most
        """;

    // Rows another worker is claiming are skipped; SQLite's claims come one after another anyway.
    private readonly string lineSql = $"""
        select {ClaimedJob.Columns} from jobs where state = 'ready' and lane = @lane and rank >= @from order by rank, id limit @size
        {(database.Dialect == SqlDialect.Postgres ? "for update skip locked" : "")}
        """;

    private readonly string takeSql = $"""
        update jobs set state = 'running', attempt = attempt + 1, lease_token = token, lease_until = @until, worker = @Worker,
            started_at = start, concurrency_slot = slot, second_slot = second, progress = null
        from {Statements.Items(database.Dialect, "job text", "org text", "token bigint", "start bigint", "slot integer", "second integer")}
        where id = job and organization_id = org
        """;

    // For this transaction alone: its commit does not wait for the disk, and is on it with the next one that does.
    private const string UnflushedSql = "select set_config('synchronous_commit', 'off', true)";

    // A claim of many leaves as many dead entries at the head of PostgreSQL's index, through which each later one would wade. So for a moment a worker goes on
    // where it was in the lanes it knows to be full; what comes in before that place is met at its next look at all of them.
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<string, long> full = [];
    private DateTimeOffset looked;
    private string last = "";
    private volatile bool nothingWaits;

    /// Something may have come, or there was no time to look.
    public void MayWait() => nothingWaits = false;

    /// Whether a new job would be the next one: nothing waited at the last look at all lanes, and neither a pause nor a rate holds it.
    public bool IsNext(string queue, string organization, string type, IReadOnlyCollection<string>? queues) =>
        nothingWaits && hindrances.IsFree(organization, type) && Takes(Lanes.Home(queue, organization), queues);

    /// The jobs this worker has now, those with a start for its free places, and whether there may be more.
    public async Task<(IReadOnlyList<ClaimedJob> Jobs, bool More)> ClaimNext(Wanted wanted, CancellationToken cancel)
    {
        var (before, again) = (last, false);
        var claimed = await database.Write(
            transaction =>
            {
                if (again)
                {
                    // Nothing of the first time was kept, neither whose turn it was.
                    last = before;
                    full.Clear();
                }

                again = true;
                return Claim(transaction, wanted, cancel);
            },
            claim => claim.Jobs.All(job => job.BearsLoss),
            cancel);
        nothingWaits = claimed is { Jobs.Count: 0, More: false };
        return claimed;
    }

    private async Task<(IReadOnlyList<ClaimedJob> Jobs, bool More)> Claim(DbTransaction transaction, Wanted wanted, CancellationToken cancel)
    {
        var (line, more) = await Line(transaction, wanted, cancel);
        var (free, others) = await hindrances.Sieve(transaction, line, wanted.Now, cancel);
        var taken = Choose(free, wanted);
        if (taken.Count > 0)
        {
            var rows = taken.Select(job => new { Job = job.Job.Id, Org = job.Job.Organization, job.Job.Token, Start = job.Job.StartedAt, job.Slot, job.Second });
            var question = new { rows = Statements.Json(rows), until = (wanted.Now + wanted.Lease).Milliseconds(), wanted.Worker };
            var sql = database.Dialect == SqlDialect.Postgres && taken.TrueForAll(job => job.Job.BearsLoss) ? $"{UnflushedSql};\n{takeSql}" : takeSql;
            await changes.Run(transaction, sql, question, taken.Select(job => new JobSignal(JobSignal.IsChanged, job.Job.Organization, job.Job.Id)), cancel);
        }

        return ([.. taken.Select(job => job.Job)], others || (more && (taken.Count > 0 || free.Count < line.Count)));
    }

    /// The heads of the lanes, one of each in turn, behind a suspect if one is wanted.
    private async Task<(List<ClaimedJob> Line, bool More)> Line(DbTransaction transaction, Wanted wanted, CancellationToken cancel)
    {
        var line = new List<ClaimedJob>();
        if (wanted is { Suspect: true, Places: > 0 })
        {
            var suspects = await transaction.Rows<ClaimedJob>(lineSql, new { lane = Lanes.Suspect, from = long.MinValue, size = MostLanes }, cancel);
            line.AddRange(suspects.Where(job => hindrances.IsOpen(Lanes.Home(job.Queue, job.Organization)) && (wanted.Queues is null || wanted.Queues.Contains(job.Queue))).Take(1));
        }

        var want = wanted.Places + wanted.Reserve - line.Count;
        var goesOn = full.Count > 0 && wanted.Now - looked < Moment && wanted.Now >= looked;
        var (lanes, first) = goesOn ? (InTurn(full.Keys), null) : await Open(transaction, wanted, want, cancel);
        var share = lanes.Count == 0 ? 0 : Math.Max(1, (want + lanes.Count - 1) / lanes.Count);
        var heads = new List<List<ClaimedJob>>();
        var found = 0;
        foreach (var lane in lanes)
        {
            if (found >= want)
            {
                break;
            }

            var from = full.GetValueOrDefault(lane, long.MinValue);
            heads.Add(first ?? await transaction.Rows<ClaimedJob>(lineSql, new { lane, from, size = share }, cancel));
            found += heads[^1].Count;
            last = lane;
            if (heads[^1].Count == share)
            {
                full[lane] = Lanes.Rank(Statements.Time(heads[^1][^1].DueAt), heads[^1][^1].Priority);
            }
            else
            {
                full.Remove(lane);
            }
        }

        if (goesOn && found < want)
        {
            // Before a lane counts as empty all of it is looked at.
            full.Clear();
            return await Line(transaction, wanted, cancel);
        }

        if (!goesOn && heads.Count < lanes.Count)
        {
            // Those that had no turn would have none for a moment.
            full.Clear();
        }

        for (var place = 0; place < share; place++)
        {
            line.AddRange(heads.Where(head => place < head.Count).Select(head => head[place]));
        }

        return (line, heads.Any(head => head.Count == share));
    }

    private List<string> InTurn(IEnumerable<string> lanes) =>
        [.. lanes.OrderBy(lane => string.CompareOrdinal(lane, last) <= 0).ThenBy(lane => lane, StringComparer.Ordinal).Where(hindrances.IsOpen)];

    /// Begins behind the lane that had its turn last, so that everybody has one. Where that is the only one, as it mostly is where little goes on, its head comes along:
    /// asked for on the same way to PostgreSQL and back.
    private async Task<(List<string> Lanes, List<ClaimedJob>? Only)> Open(DbTransaction transaction, Wanted wanted, int want, CancellationToken cancel)
    {
        full.Clear();
        looked = wanted.Now;
        if (database.Dialect == SqlDialect.Sqlite || !Takes(last, wanted.Queues))
        {
            return ([.. (await transaction.Rows<string>(LanesSql, new { after = last, most = MostLanes }, cancel)).Where(lane => Takes(lane, wanted.Queues))], null);
        }

        var question = new { after = last, most = MostLanes, lane = last, from = long.MinValue, size = want };
        await using var answers = await transaction.Connection!.QueryMultipleAsync(new($"{LanesSql};\n{lineSql}", question, transaction, cancellationToken: cancel));
        List<string> lanes = [.. (await answers.ReadAsync<string>()).Where(lane => Takes(lane, wanted.Queues))];
        var head = (await answers.ReadAsync<ClaimedJob>()).AsList();
        return (lanes, lanes is [var only] && only == last ? head : null);
    }

    private bool Takes(string lane, IReadOnlyCollection<string>? queues) => lane.Length > 0 && hindrances.IsOpen(lane) && (queues is null || queues.Contains(Lanes.QueueOf(lane)));

    /// What waits in the worker may be lost with it before it began, so that is only for jobs that bear it and were never tried before.
    private static List<FreeJob> Choose(IReadOnlyList<FreeJob> free, Wanted wanted)
    {
        var taken = new List<FreeJob>();
        var (places, reserve) = (wanted.Places, wanted.Reserve);
        foreach (var one in free)
        {
            var (job, starts) = (one.Job, places > 0);
            if (starts)
            {
                places--;
            }
            else if (reserve > 0 && job is { Attempt: 0, MaxAttempts: > 1, ConcurrencyKey: null, SecondKey: null })
            {
                reserve--;
            }
            else
            {
                continue;
            }

            var now = wanted.Now.Milliseconds();
            taken.Add(one with { Job = job with { Attempt = job.Attempt + 1, Token = job.TokenAfter(wanted.Now), Worker = wanted.Worker, StartedAt = starts ? now : null } });
        }

        return taken;
    }
}
