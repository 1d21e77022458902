using System.Text.Json;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs;

/// What pages and endpoints ask the queue.
public sealed partial class JobQueue
{
    private const string Columns = """
        id as Id, organization_id as Organization, type as Type, version as Version, arguments as Arguments, title as Title, server_id as ServerId,
        requested_by as RequestedBy, concurrency_key as ConcurrencyKey, unique_key as UniqueKey, priority as Priority, state as State,
        attempt as Attempt, failures as Failures, max_attempts as MaxAttempts, time_limit as TimeLimit, created_at as CreatedAt, due_at as DueAt,
        started_at as StartedAt, ended_at as EndedAt, worker as Worker, cancel_requested as CancelRequested, progress as Progress,
        checkpoint as Checkpoint, error as Error, queue as Queue, concurrency_limit as ConcurrencyLimit, second_key as SecondKey, second_limit as SecondLimit, lane as Lane, granted as Granted, deadline as Deadline, group_id as GroupId, signature as Signature
        """;

    private const string FindSql = $"select {Columns} from jobs where organization_id = @organization and id = @id";

    private const string OpenPart = " and ended_at is null";
    private const string EndedPart = " and ended_at is not null";
    private const string StatePart = " and state = @state";
    private const string TypePart = " and type = @Type";
    private const string ServerPart = " and server_id = @ServerId";
    private const string PersonPart = " and requested_by = @Person";
    private const string GroupPart = " and group_id = @Group";
    private const string SincePart = " and id >= @since";
    private const string UntilPart = " and id < @until";
    private const string TextPart = " and (lower(title) like @text escape '\\' or title is null and lower(type) like @text escape '\\' or lower(error) like @text escape '\\' or id = @id)";
    private const int MostLookedThrough = 20_000;
    private const string AfterPart = " and id < @after";

    private const string LogSql = """
        select id as Id, attempt as Attempt, written_at as At, message as Message from job_log
        where organization_id = @organization and job_id = @id and id > @after
        order by id limit @size
        """;

    private const string LogEndSql = """
        select id as Id, attempt as Attempt, written_at as At, message as Message from job_log
        where organization_id = @organization and job_id = @id
        order by id desc limit @size
        """;

    private const string AttemptsSql = """
        select number as Number, worker as Worker, started_at as StartedAt, ended_at as EndedAt, outcome as Outcome, error as Error
        from job_attempts where organization_id = @organization and job_id = @id
        union all
        select attempt, worker, started_at, ended_at, state, null
        from jobs where organization_id = @organization and id = @id and state in ('running', 'succeeded') and started_at is not null
          and not exists (select 1 from job_attempts stored where stored.job_id = jobs.id and stored.number = jobs.attempt)
        order by 1 desc limit 200
        """;

    // What is open is counted in one walk through its index.
    private static readonly string CountsSql = $"with open as (select {CountsOfOpen} from (select state from jobs where organization_id = @organization{OpenPart} limit {MostOpenCounted}) as counted) "
        + string.Join(" union all ", Enum.GetValues<JobState>().Select(state => state.IsEnded()
            ? $"select '{state.Stored()}' as State, count(*) as Jobs from (select 1 from jobs where organization_id = @organization{EndedPart} and state = '{state.Stored()}' limit {MostCounted}) as counted"
            : $"select '{state.Stored()}' as State, {state.Stored()} as Jobs from open"));

    private const int MostOpenCounted = 5 * MostCounted;

    private static string CountsOfOpen =>
        string.Join(", ", Enum.GetValues<JobState>().Where(state => !state.IsEnded()).Select(state => $"count(case when state = '{state.Stored()}' then 1 end) as {state.Stored()}"));

    // Counting stops somewhere, so that a group of a million does not hold its page up.
    private static readonly string GroupCountsSql = $"""
        select state as State, count(*) as Jobs from (select state from jobs where organization_id = @organization and group_id = @id limit {MostInGroup}) as members group by state
        """;

    public async Task<JobRow?> Find(string organization, string id, CancellationToken cancel) =>
        (await database.Rows<StoredJob>(FindSql, new { organization, id }, cancel)).SingleOrDefault()?.ToRow();

    public async Task<JobGroup?> FindGroup(string organization, string id, CancellationToken cancel) =>
        (await database.Rows<StoredGroup>(Groups.FindSql, new { organization, id }, cancel)).SingleOrDefault()?.ToGroup();

    /// Jobs of a group by state, of its first <see cref="MostInGroup"/>; states without any are left out.
    public async Task<IReadOnlyDictionary<JobState, long>> GroupCounts(string organization, string id, CancellationToken cancel) =>
        (await database.Rows<StoredCount>(GroupCountsSql, new { organization, id }, cancel)).ToDictionary(count => JobStates.Read(count.State), count => count.Jobs);

    /// Newest first; on from below the job whose id is given.
    public async Task<IReadOnlyList<JobRow>> Page(string organization, JobFilter filter, string? after, int size, CancellationToken cancel) =>
        [.. (await database.Rows<StoredJob>(PageSql(filter, after), Question(organization, filter, after, size), cancel)).Select(job => job.ToRow())];

    /// One page of a list. With one filter an index gives it; with more, or a search for text, 20,000 jobs at most are looked through for it, so that nothing
    /// that is asked for holds the database up.
    public async Task<JobPage> List(string organization, JobFilter filter, string? after, int size, CancellationToken cancel)
    {
        var (lead, rest, halves) = Parts(filter);
        if (rest.Length == 0)
        {
            var page = await Page(organization, filter, after, size + 1, cancel);
            return page.Count > size ? new([.. page.Take(size)], page[size - 1].Id) : new(page, null);
        }

        string Window(string columns) => $"({Select(columns, halves, lead + Span(filter, after), $"{MostLookedThrough}")}) as window_of_jobs";
        var question = Question(organization, filter, after, size + 1);
        var found = await database.Rows<StoredJob>($"select {Columns} from {Window("*")} where true{rest} order by id desc limit @size", question, cancel);
        if (found.Count > size)
        {
            return new([.. found.Take(size).Select(job => job.ToRow())], found[size - 1].Id);
        }

        var seen = (await database.Rows<Seen>($"select count(*) as Jobs, min(id) as Last from {Window("id")}", question, cancel)).Single();
        return new([.. found.Select(job => job.ToRow())], seen.Jobs == MostLookedThrough ? seen.Last : null);
    }

    internal string PageSql(JobFilter filter, string? after)
    {
        var (lead, others, halves) = Parts(filter with { Text = null });
        return Select(Columns, halves, lead + others + Span(filter, after), "@size");
    }

    /// Open and ended jobs stand in indexes of their own, each in the order of the list, and the database merges the two. PostgreSQL sees that order only in a half that is a
    /// question of its own; SQLite takes that for a reason to write the half down first.
    private string Select(string columns, string[] halves, string where, string most)
    {
        var order = $" order by id desc limit {most}";
        var (begin, end) = halves.Length > 1 && database.Dialect == SqlDialect.Postgres ? ("(", $"{order})") : ("", "");
        return string.Join(" union all ", halves.Select(half => $"{begin}select {columns} from jobs where organization_id = @organization{half}{where}{end}")) + order;
    }

    private static string Half(JobState state) => state.IsEnded() ? EndedPart : OpenPart;

    /// The filter that finds the fewest jobs by its index, as a rule, and the others; and the halves, open and ended, that its index is split into.
    private static (string Lead, string Others, string[] Halves) Parts(JobFilter filter)
    {
        var isRare = filter.State is JobState.Running or JobState.Retrying or JobState.Dead or JobState.Cancelled;
        var (state, type) = (filter.State is null ? "" : StatePart, filter.Type is null ? "" : TypePart);
        string[] own = [filter.Group is null ? "" : GroupPart, filter.ServerId is null ? "" : ServerPart, filter.Person is null ? "" : PersonPart];

        // The index of the open ones holds both.
        string[] split = filter.State?.IsEnded() == false ? [state + type] : isRare ? [state, type] : [type, state];
        var given = (isRare ? [split[0], .. own, .. split[1..]] : own.Concat(split)).Where(part => part.Length > 0).ToList();
        var lead = given.FirstOrDefault("");
        string[] halves = own.Contains(lead) && lead.Length > 0 ? [""] : filter.State is { } one ? [Half(one)] : [OpenPart, EndedPart];
        return (lead, string.Concat(given.Skip(1)) + (filter.Text is null ? "" : TextPart), halves);
    }

    private static string Span(JobFilter filter, string? after) =>
        (filter.Since is null ? "" : SincePart) + (filter.Until is null ? "" : UntilPart) + (after is null ? "" : AfterPart);

    internal static object Question(string organization, JobFilter filter, string? after, int size) => new
    {
        organization,
        state = filter.State?.Stored(),
        filter.Type,
        filter.ServerId,
        filter.Person,
        filter.Group,
        since = Statements.IdAt(filter.Since),
        until = Statements.IdAt(filter.Until),
        text = filter.Text is null ? null : $"%{filter.Text.ToLowerInvariant().Replace(@"\", @"\\", StringComparison.Ordinal).Replace("%", @"\%", StringComparison.Ordinal).Replace("_", @"\_", StringComparison.Ordinal)}%",
        id = filter.Text,
        after,
        size,
    };

    /// Lines in the order they were written, after the one with the given id; 0 for the beginning.
    public async Task<IReadOnlyList<JobLogLine>> Log(string organization, string id, long after, int size, CancellationToken cancel)
    {
        var lines = await database.Rows<StoredLine>(LogSql, new { organization, id, after, size }, cancel);
        return [.. lines.Select(line => line.ToLine())];
    }

    /// The last lines, in the order they were written.
    public async Task<IReadOnlyList<JobLogLine>> LogEnd(string organization, string id, int size, CancellationToken cancel)
    {
        var lines = await database.Rows<StoredLine>(LogEndSql, new { organization, id, size }, cancel);
        return [.. Enumerable.Reverse(lines).Select(line => line.ToLine())];
    }

    /// The last 200 attempts in order, the running one included.
    public async Task<IReadOnlyList<JobAttempt>> Attempts(string organization, string id, CancellationToken cancel)
    {
        var attempts = await database.Rows<StoredAttempt>(AttemptsSql, new { organization, id }, cancel);
        return [.. attempts.Select(attempt => attempt.ToAttempt()).Reverse()];
    }

    /// Jobs of a group that are counted by state.
    public const int MostInGroup = 10_000;

    /// Counting stops there, so that a long history does not slow a page down.
    public const int MostCounted = 100_000;

    /// Jobs by state, none told further than <see cref="MostCounted"/>.
    public async Task<IReadOnlyDictionary<JobState, long>> Counts(string organization, CancellationToken cancel)
    {
        var counts = Enum.GetValues<JobState>().ToDictionary(state => state, _ => 0L);
        foreach (var count in await database.Rows<StoredCount>(CountsSql, new { organization }, cancel))
        {
            counts[JobStates.Read(count.State)] = Math.Min(count.Jobs, MostCounted);
        }

        return counts;
    }

    private sealed record Seen
    {
        public required long Jobs { get; init; }

        public string? Last { get; init; }
    }

    internal static JobProgress? ReadProgress(string? stored) =>
        stored is null ? null : JsonSerializer.Deserialize<JobProgress>(stored);
}
