using MedicineMan.Host.Access;
using MedicineMan.Host.Api.Contract;
using MedicineMan.Host.Api;
using MedicineMan.Jobs.Grouping;
using MedicineMan.Jobs.Monitoring;
using MedicineMan.Jobs.Pausing;
using MedicineMan.Jobs;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using System.ComponentModel.DataAnnotations;

namespace MedicineMan.Host.JobScreens;

/// The queue as a whole over the API: what it did, who works, what died, what is held back.
internal static class QueueApi
{
    public static void Map(RouteGroupBuilder jobs)
    {
        jobs.MapGet("/stats", Stats).RequireAuthorization(Policies.Viewer).WithName("jobStats").WithSummary("What was done over time, and how long jobs waited and ran");
        jobs.MapGet("/workers", Workers).RequireAuthorization(Policies.Viewer).WithName("listJobWorkers").WithSummary("The workers that were seen in the last day");
        jobs.MapGet("/backlog", Backlog).RequireAuthorization(Policies.Viewer).WithName("jobBacklog").WithSummary("How much waits in each queue and for how long; what a scaler of workers looks at");
        jobs.MapGet("/dead", Dead).RequireAuthorization(Policies.Viewer).WithName("listDeadJobs").WithSummary("Dead jobs by type and kind of error");
        jobs.MapPost("/dead/retry", RetryDead).RequireAuthorization(Policies.Operator).WithName("retryDeadJobs").WithSummary("Runs all dead jobs of a kind again, up to the newest one that was seen");
        jobs.MapGet("/pauses", Pauses).RequireAuthorization(Policies.Viewer).WithName("listJobPauses").WithSummary("What is held back");
        jobs.MapPost("/pauses", Pause).RequireAuthorization(Policies.Admin).WithName("pauseJobs").WithSummary("Holds back a queue, a type or all jobs; what runs goes on");
        jobs.MapPost("/pauses/resume", Resume).RequireAuthorization(Policies.Admin).WithName("resumeJobs").WithSummary("Lets go what was held back");
        jobs.MapGet("/groups/{id}", Group).RequireAuthorization(Policies.Viewer).WithName("getJobGroup").WithSummary("One group of jobs and how far it is");
    }

    private static async Task<Ok<ListOf<StatsAnswer>>> Stats(string? range, string? type, HttpContext http, JobMonitor jobs, TimeProvider time, CancellationToken cancel)
    {
        var view = StatsRange.Find(range) ?? throw ApiProblem.Invalid("range", $"A range is one of {string.Join(", ", StatsRange.All.Select(one => one.Name))}.");
        return All((await jobs.Stats(http.Visitor().Organization.Value, time.GetUtcNow() - view.Length, view.Step, type, cancel)).Select(StatsAnswer.Of));
    }

    private static async Task<Ok<ListOf<JobWorkerRow>>> Workers(JobMonitor jobs, CancellationToken cancel) => All(await jobs.Workers(cancel));

    private static async Task<Ok<ListOf<BacklogAnswer>>> Backlog(JobMonitor jobs, JobWorkerOptions options, CancellationToken cancel)
    {
        var workers = await jobs.Workers(cancel);
        return All((await jobs.Backlog(cancel)).Select(queue => new BacklogAnswer(queue.Queue, queue.Ready, (long)queue.OldestWait.TotalSeconds, workers.Count(worker => jobs.Takes(worker, queue.Queue, options.Lease)))));
    }

    private static async Task<Ok<ListOf<DeadKind>>> Dead(HttpContext http, JobMonitor jobs, CancellationToken cancel) =>
        All(await jobs.DeadKinds(http.Visitor().Organization.Value, cancel));

    private static async Task<Accepted<JobAnswer>> RetryDead([FromBody] DeadRetryRequest request, HttpContext http, JobQueue jobs, JobActions actions, CancellationToken cancel)
    {
        var job = await actions.RetryDead(http.Visitor(), new DeadScope(request.UpTo!) { Type = request.Type, Signature = request.Signature }, cancel);
        return await JobsApi.Accepted(job, http, jobs, cancel);
    }

    private static async Task<Ok<ListOf<JobPause>>> Pauses(HttpContext http, JobPauses jobs, CancellationToken cancel) =>
        All(await jobs.List(http.Visitor().Organization.Value, cancel));

    private static async Task<Ok<ListOf<JobPause>>> Pause([FromBody] PauseRequest request, HttpContext http, JobPauses jobs, JobActions actions, CancellationToken cancel) =>
        await actions.Pause(http.Visitor(), request.Kind!.Value, request.Valid(), cancel)
            ? await Pauses(http, jobs, cancel) : throw ApiProblem.Conflict("paused-already", "That is held back already.");

    private static async Task<Ok<ListOf<JobPause>>> Resume([FromBody] PauseRequest request, HttpContext http, JobPauses jobs, JobActions actions, CancellationToken cancel) =>
        await actions.Resume(http.Visitor(), request.Kind!.Value, request.Valid(), cancel)
            ? await Pauses(http, jobs, cancel) : throw ApiProblem.Conflict("not-paused", "That is not held back.");

    private static async Task<Ok<GroupAnswer>> Group(string id, HttpContext http, JobQueue jobs, CancellationToken cancel)
    {
        var organization = http.Visitor().Organization.Value;
        var group = await jobs.FindGroup(organization, id, cancel) ?? throw ApiProblem.NotFound("group of jobs", id);
        var states = (await jobs.GroupCounts(organization, id, cancel)).ToDictionary(count => count.Key.Word(), count => count.Value);
        return TypedResults.Ok(new GroupAnswer(group.Id, group.Title, group.Jobs, group.Open, group.Failed, states, group.Follows, group.NextJob, group.CreatedAt, group.EndedAt));
    }

    /// A list that is short by its nature, and so has one page.
    private static Ok<ListOf<T>> All<T>(IEnumerable<T> items) => TypedResults.Ok(new ListOf<T>([.. items], null));
}

/// <param name="Open">Jobs that have not ended.</param>
/// <param name="Failed">Jobs that died or were cancelled, and were not run again.</param>
/// <param name="States">How many are in which state, of the first 10,000. Its jobs: <c>GET /jobs?group=</c>.</param>
/// <param name="Follows">Whether another job follows.</param>
/// <param name="NextJob">That job, once it is enqueued.</param>
internal sealed record GroupAnswer(
    string Id, string Title, int Jobs, int Open, int Failed, IReadOnlyDictionary<string, long> States, bool Follows, string? NextJob, DateTimeOffset CreatedAt, DateTimeOffset? EndedAt);

/// <param name="From">Start of the step.</param>
/// <param name="Failed">Attempts that are tried again.</param>
/// <param name="Wait">From due to start.</param>
/// <param name="Run">From start to end.</param>
internal sealed record StatsAnswer(DateTimeOffset From, long Succeeded, long Failed, long Dead, long Cancelled, PercentilesAnswer Wait, PercentilesAnswer Run)
{
    public static StatsAnswer Of(JobStats stats) =>
        new(stats.From, stats.Succeeded, stats.Failed, stats.Dead, stats.Cancelled, PercentilesAnswer.Of(stats.Wait), PercentilesAnswer.Of(stats.Run));
}

/// Milliseconds, within a power of two.
internal sealed record PercentilesAnswer(long P50, long P95, long P99)
{
    public static PercentilesAnswer Of(Percentiles times) => new((long)times.P50.TotalMilliseconds, (long)times.P95.TotalMilliseconds, (long)times.P99.TotalMilliseconds);

    public override string ToString() =>
        JobView.Times(new Percentiles(TimeSpan.FromMilliseconds(P50), TimeSpan.FromMilliseconds(P95), TimeSpan.FromMilliseconds(P99)));
}

/// <param name="Ready">Jobs that could run; at most 100,000 are counted over all queues.</param>
/// <param name="Workers">Workers that are at work and take this queue; when there is none, its jobs wait for ever.</param>
internal sealed record BacklogAnswer(string Queue, long Ready, long OldestWaitSeconds, int Workers);

internal sealed record DeadRetryRequest
{
    /// All types when left out.
    public string? Type { get; init; }

    /// All kinds of errors when left out.
    public string? Signature { get; init; }

    /// Id of the newest dead job that is meant.
    [Required(ErrorMessage = "Say up to which dead job: newestId of the list.")]
    public string? UpTo { get; init; }
}

internal sealed record PauseRequest
{
    [Required(ErrorMessage = "Say what is meant: queue, type or all.")]
    public PauseKind? Kind { get; init; }

    /// Of the queue or the type; left out for all.
    public string? Name { get; init; }

    public string Valid() => Kind is PauseKind.All ? "" : string.IsNullOrWhiteSpace(Name) ? throw ApiProblem.Invalid("name", "Name the queue or the type.") : Name.Trim();
}

/// A stretch of time up to now, and the steps it is shown in.
internal sealed record StatsRange(string Name, TimeSpan Length, TimeSpan Step)
{
    public static IReadOnlyList<StatsRange> All { get; } =
    [
        new("hour", TimeSpan.FromHours(1), TimeSpan.FromMinutes(5)), new("day", TimeSpan.FromDays(1), TimeSpan.FromHours(1)), new("week", TimeSpan.FromDays(7), TimeSpan.FromHours(6)),
        new("month", TimeSpan.FromDays(30), TimeSpan.FromDays(1)),
    ];

    public static StatsRange? Find(string? name) => name is null ? All[0] : All.FirstOrDefault(range => range.Name == name);
}
