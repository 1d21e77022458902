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
        checkpoint as Checkpoint, error as Error, queue as Queue, concurrency_limit as ConcurrencyLimit, lane as Lane, deadline as Deadline, group_id as GroupId, signature as Signature
        """;

    private const string FindSql = $"select {Columns} from jobs where organization_id = @organization and id = @id";

    private const string PageSql = $"select {Columns} from jobs where organization_id = @organization";
    private const string StatePart = " and state = @state";
    private const string TypePart = " and type = @Type";
    private const string ServerPart = " and server_id = @ServerId";
    private const string PersonPart = " and requested_by = @Person";
    private const string GroupPart = " and group_id = @Group";
    private const string SincePart = " and id >= @since";
    private const string UntilPart = " and id < @until";
    private const string TextPart = " and (lower(coalesce(title, type)) like @text escape '\\' or lower(error) like @text escape '\\' or id = @id)";
    private const int Window = 20_000;
    private const string AfterPart = " and id < @after";
    private const string OrderPart = " order by id desc limit @size";

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

    private static readonly string CountsSql = string.Join(" union all ", Enum.GetValues<JobState>().Select(state =>
        $"select '{state.Stored()}' as State, count(*) as Jobs from (select 1 from jobs where organization_id = @organization and state = '{state.Stored()}' limit {MostCounted}) as counted"));

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
    public async Task<IReadOnlyList<JobRow>> Page(string organization, JobFilter filter, string? after, int size, CancellationToken cancel)
    {
        var sql = PageSql + Where(filter, after) + OrderPart;
        return [.. (await database.Rows<StoredJob>(sql, Question(organization, filter, after, size), cancel)).Select(job => job.ToRow())];
    }

    /// One page of a list. With one filter an index gives it; with more, or a search for text, 20,000 jobs at most are looked through for it, so that nothing
    /// that is asked for holds the database up.
    public async Task<JobPage> List(string organization, JobFilter filter, string? after, int size, CancellationToken cancel)
    {
        var (lead, rest) = Parts(filter);
        if (rest.Length == 0)
        {
            var page = await Page(organization, filter, after, size + 1, cancel);
            return page.Count > size ? new([.. page.Take(size)], page[size - 1].Id) : new(page, null);
        }

        var window = $"(select * from jobs where organization_id = @organization{lead}{Span(filter, after)} order by id desc limit {Window}) as window_of_jobs";
        var question = Question(organization, filter, after, size + 1);
        var found = await database.Rows<StoredJob>($"select {Columns} from {window} where true{rest}{OrderPart}", question, cancel);
        if (found.Count > size)
        {
            return new([.. found.Take(size).Select(job => job.ToRow())], found[size - 1].Id);
        }

        var seen = (await database.Rows<Seen>($"select count(*) as Jobs, min(id) as Last from {window}", question, cancel)).Single();
        return new([.. found.Select(job => job.ToRow())], seen.Jobs == Window ? seen.Last : null);
    }

    private static string Where(JobFilter filter, string? after)
    {
        var (lead, others) = Parts(filter with { Text = null });
        return lead + others + Span(filter, after);
    }

    /// The filter that finds the fewest jobs by its index, as a rule, and the others.
    private static (string Lead, string Others) Parts(JobFilter filter)
    {
        var state = filter.State is null ? "" : StatePart;
        var isRare = filter.State is JobState.Running or JobState.Retrying or JobState.Dead or JobState.Cancelled;
        string[] parts =
        [
            isRare ? state : "", filter.Group is null ? "" : GroupPart, filter.ServerId is null ? "" : ServerPart, filter.Person is null ? "" : PersonPart, filter.Type is null ? "" : TypePart,
            isRare ? "" : state,
        ];
        var given = parts.Where(part => part.Length > 0).ToList();
        return (given.FirstOrDefault(""), string.Concat(given.Skip(1)) + (filter.Text is null ? "" : TextPart));
    }

    private static string Span(JobFilter filter, string? after) =>
        (filter.Since is null ? "" : SincePart) + (filter.Until is null ? "" : UntilPart) + (after is null ? "" : AfterPart);

    private static object Question(string organization, JobFilter filter, string? after, int size) => new
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

    /// Jobs by state, none counted further than <see cref="MostCounted"/>.
    public async Task<IReadOnlyDictionary<JobState, long>> Counts(string organization, CancellationToken cancel)
    {
        var counts = Enum.GetValues<JobState>().ToDictionary(state => state, _ => 0L);
        foreach (var count in await database.Rows<StoredCount>(CountsSql, new { organization }, cancel))
        {
            counts[JobStates.Read(count.State)] = count.Jobs;
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
