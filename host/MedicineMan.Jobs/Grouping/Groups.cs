using System.Data.Common;
using System.Text.Json;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Grouping;

/// Counts the jobs of a group down, in the transactions that end them, and enqueues what follows the last.
internal static class Groups
{
    private const string AddSql = """
        insert into job_groups (id, organization_id, title, jobs, open, failed, continuation, only_after_success, created_at)
        values (@id, @Organization, @Title, @jobs, @jobs, 0, @continuation, @onlyAfterSuccess, @now)
        """;

    private const string EndedSql = """
        update job_groups set open = open - @ended, failed = failed + @failed, ended_at = case when open = @ended then @now else null end
        where organization_id = @organization and id = @group
        returning open as Open, failed as Failed, continuation as Continuation, only_after_success as OnlyAfterSuccess, next_job_id as NextJob
        """;

    private const string NextSql = "update job_groups set next_job_id = @next where organization_id = @organization and id = @group";

    private const string ReopenSql = """
        update job_groups set open = open + 1, failed = failed - 1, ended_at = null where organization_id = @organization and id = @group
        """;

    public const string FindSql = """
        select id as Id, title as Title, jobs as Jobs, open as Open, failed as Failed, case when continuation is null then 0 else 1 end as Follows, next_job_id as NextJob, created_at as CreatedAt, ended_at as EndedAt
        from job_groups where organization_id = @organization and id = @id
        """;

    public static async Task<(string Id, IReadOnlyList<NewJob> Jobs)> Add(DbTransaction transaction, JobGroupRequest group, DateTimeOffset now, JobIds ids, CancellationToken cancel)
    {
        if (group.Jobs.Count == 0 || group.Jobs.Append(group.Continuation).Any(job => job is not null && job.Organization != group.Organization))
        {
            throw new ArgumentException("A group has at least one job, and all its jobs are of its organisation.", nameof(group));
        }

        if (group.Jobs.Any(job => job.UniqueKey is not null))
        {
            throw new ArgumentException("A job of a group has no unique key: the job that is there already would not count for the group.", nameof(group));
        }

        // Checked now: when the last job ends nobody is there to hear that it can't be kept.
        _ = group.Continuation is null ? null : NewJob.Of(group.Continuation with { Deadline = null }, now, ids);
        var id = Guid.CreateVersion7(now).ToString("N");
        var rows = NewJob.Of(group.Jobs, now, ids, id);
        var row = new
        {
            id, group.Organization, group.Title, jobs = rows.Count, continuation = group.Continuation is null ? null : JsonSerializer.Serialize(group.Continuation),
            onlyAfterSuccess = group.OnlyAfterSuccess ? 1 : 0, now = now.Milliseconds(),
        };
        await transaction.Run(AddSql, row, cancel);
        foreach (var some in rows.Chunk(1000))
        {
            await Insertion.Insert(transaction, some, null, cancel);
        }

        return (id, rows);
    }

    /// Groups in the order of their ids, so that two transactions that end jobs of the same groups wait for one another and never both.
    public static async Task<IReadOnlyList<JobSignal>> Ended(DbTransaction transaction, IEnumerable<GroupMember> members, DateTimeOffset now, CancellationToken cancel)
    {
        var signals = new List<JobSignal>();
        foreach (var some in members.GroupBy(member => (member.Organization, member.Group)).OrderBy(some => some.Key.Group, StringComparer.Ordinal))
        {
            var (organization, group) = some.Key;
            var counts = new { organization, group, ended = some.Count(), failed = some.Count(member => member.Failed), now = now.Milliseconds() };
            var left = (await transaction.Rows<Left>(EndedSql, counts, cancel)).SingleOrDefault();
            if (left is { Open: 0, Continuation: not null, NextJob: null } && (left.Failed == 0 || left.OnlyAfterSuccess == 0))
            {
                var request = JsonSerializer.Deserialize<JobRequest>(left.Continuation)!;
                var next = NewJob.Of(request.Deadline <= now ? request with { Deadline = null } : request, now, new JobIds());
                var id = (await Insertion.Insert(transaction, [next], null, cancel))[0];
                await transaction.Run(NextSql, new { organization, group, next = id }, cancel);
                signals.Add(next.Signal);
            }
        }

        return signals;
    }

    /// One of its ended jobs runs again.
    public static Task Reopen(DbTransaction transaction, string organization, string group, CancellationToken cancel) =>
        transaction.Run(ReopenSql, new { organization, group }, cancel);

    private sealed record Left
    {
        public required int Open { get; init; }

        public required int Failed { get; init; }

        public string? Continuation { get; init; }

        public required int OnlyAfterSuccess { get; init; }

        public string? NextJob { get; init; }
    }
}

/// A job of a group that has ended.
internal readonly record struct GroupMember(string Organization, string Group, bool Failed);
