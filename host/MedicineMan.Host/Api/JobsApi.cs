using System.Globalization;
using System.Text.Json.Nodes;
using MedicineMan.Host.Access;
using MedicineMan.Host.Api.Contract;
using MedicineMan.Host.Data;
using MedicineMan.Host.JobScreens;
using MedicineMan.Jobs;
using Microsoft.AspNetCore.Http.HttpResults;

namespace MedicineMan.Host.Api;

internal static class JobsApi
{
    public static void Map(RouteGroupBuilder jobs)
    {
        jobs.MapGet("", List).RequireAuthorization(Policies.Viewer).WithName("listJobs").WithSummary("Jobs, newest first");
        jobs.MapGet("/counts", Counts).RequireAuthorization(Policies.Viewer).WithName("countJobs").WithSummary("How many jobs are in each state");
        jobs.MapGet("/{id}", Get).RequireAuthorization(Policies.Viewer).WithName("getJob").WithSummary("One job with its attempts and how far it is");
        jobs.MapGet("/{id}/log", Log).RequireAuthorization(Policies.Viewer).WithName("getJobLog").WithSummary("Log lines in order; next is always given, so that a running job can be followed");
        jobs.MapPost("/{id}/cancel", Cancel).RequireAuthorization(Policies.Operator).WithName("cancelJob").WithSummary("Cancels a waiting job, or asks a running one to stop");
        jobs.MapPost("/{id}/retry", Retry).RequireAuthorization(Policies.Operator).WithName("retryJob").WithSummary("Runs a dead or cancelled job again");
        jobs.MapPost("/{id}/run-again", RunAgain).RequireAuthorization(Policies.Operator).WithName("runJobAgain").WithSummary("Does once more, as another job, what a job that succeeded has done");
    }

    private static async Task<Ok<ListOf<JobAnswer>>> List(
        [AsParameters] Paging paging, string? state, string? type, string? server, string? person, string? group, string? text, DateTimeOffset? since, DateTimeOffset? until, HttpContext http, JobQueue jobs, CancellationToken cancel)
    {
        if (state is not null && JobView.Read(state) is null)
        {
            throw ApiProblem.Invalid("state", JobView.StatesThereAre);
        }

        var filter = new JobFilter { State = JobView.Read(state), Type = type, ServerId = server, Person = person, Group = group, Text = text, Since = since, Until = until };
        var page = await jobs.List(http.Visitor().Organization.Value, filter, Cursor.Parse(paging.After, 1)?.Keys[0], paging.Rows, cancel);
        return TypedResults.Ok(new ListOf<JobAnswer>([.. page.Rows.Select(JobAnswer.Of)], page.Next is null ? null : new Cursor(page.Next).ToString()));
    }

    private static async Task<Ok<Dictionary<string, long>>> Counts(HttpContext http, JobQueue jobs, CancellationToken cancel) =>
        TypedResults.Ok((await jobs.Counts(http.Visitor().Organization.Value, cancel)).ToDictionary(count => count.Key.Word(), count => count.Value));

    private static async Task<Ok<JobAnswer>> Get(string id, HttpContext http, JobQueue jobs, CancellationToken cancel)
    {
        var row = await One(id, http, jobs, cancel);
        var attempts = await jobs.Attempts(row.Organization, id, cancel);
        return TypedResults.Ok(JobAnswer.Of(row) with { Arguments = MaskedArguments.Of(row.Arguments), Attempts = [.. attempts.Select(AttemptAnswer.Of)] });
    }

    private static async Task<Ok<ListOf<LogLineAnswer>>> Log(string id, [AsParameters] Paging paging, HttpContext http, JobQueue jobs, CancellationToken cancel)
    {
        var row = await One(id, http, jobs, cancel);
        var after = paging.After is null ? 0 : long.TryParse(paging.After, CultureInfo.InvariantCulture, out var number) ? number : throw ApiProblem.Invalid("after", "The cursor is not one this log gave out.");
        var lines = await jobs.Log(row.Organization, id, after, paging.Rows, cancel);
        var next = lines.Count == 0 ? after : lines[^1].Id;
        return TypedResults.Ok(new ListOf<LogLineAnswer>([.. lines.Select(line => new LogLineAnswer(line.At, line.Attempt, line.Message))], next.ToString(CultureInfo.InvariantCulture)));
    }

    private static async Task<Accepted<JobAnswer>> Cancel(string id, HttpContext http, JobQueue jobs, JobActions actions, CancellationToken cancel)
    {
        await One(id, http, jobs, cancel);
        return await actions.Cancel(http.Visitor(), id, cancel)
            ? await Accepted(id, http, jobs, cancel)
            : throw ApiProblem.Conflict("not-cancellable", "The job has ended, or is stopping already.");
    }

    private static async Task<Accepted<JobAnswer>> Retry(string id, HttpContext http, JobQueue jobs, JobActions actions, CancellationToken cancel)
    {
        await One(id, http, jobs, cancel);
        return await actions.Retry(http.Visitor(), id, cancel)
            ? await Accepted(id, http, jobs, cancel)
            : throw ApiProblem.Conflict("not-retryable", "The job is waiting or running, it succeeded, or another one like it is under way.");
    }

    private static async Task<Accepted<JobAnswer>> RunAgain(string id, HttpContext http, JobQueue jobs, JobActions actions, CancellationToken cancel)
    {
        await One(id, http, jobs, cancel);
        return await actions.RunAgain(http.Visitor(), id, cancel) is { } again
            ? await Accepted(again, http, jobs, cancel)
            : throw ApiProblem.Conflict("not-repeatable", "The job has not succeeded, or is part of something that is started anew as a whole, such as a backup.");
    }

    /// The answer to whatever is done by a job: 202, and where to see how far it is.
    public static async Task<Accepted<JobAnswer>> Accepted(string id, HttpContext http, JobQueue jobs, CancellationToken cancel) =>
        TypedResults.Accepted($"{ApiSetup.Root}/jobs/{id}", JobAnswer.Of(await One(id, http, jobs, cancel)));

    private static async Task<JobRow> One(string id, HttpContext http, JobQueue jobs, CancellationToken cancel) =>
        await jobs.Find(http.Visitor().Organization.Value, id, cancel) ?? throw ApiProblem.NotFound("job", id);
}

internal sealed record JobAnswer
{
    public required string Id { get; init; }

    public required string Type { get; init; }

    public required string Title { get; init; }

    public required JobState State { get; init; }

    public string? ServerId { get; init; }

    public string? RequestedBy { get; init; }

    /// Number of the current or last attempt; 0 before the first.
    public required int Attempt { get; init; }

    public required int Failures { get; init; }

    public required int MaxAttempts { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset DueAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public required bool CancelRequested { get; init; }

    public required string Queue { get; init; }

    public required int Priority { get; init; }

    public DateTimeOffset? Deadline { get; init; }

    /// Id of the group it belongs to.
    public string? Group { get; init; }

    /// What a ready job waits for besides a worker.
    public string? WaitsFor { get; init; }

    /// Who runs it, or ran it last.
    public string? Worker { get; init; }

    public ProgressAnswer? Progress { get; init; }

    public string? Error { get; init; }

    /// What the job was given, secrets masked; only on a single job, like the attempts.
    public JsonNode? Arguments { get; init; }

    public IReadOnlyList<AttemptAnswer>? Attempts { get; init; }

    public static JobAnswer Of(JobRow row) => new()
    {
        Id = row.Id, Type = row.Type, Title = row.Title, State = row.State, ServerId = row.ServerId, RequestedBy = row.RequestedBy, Attempt = row.Attempt, Failures = row.Failures,
        MaxAttempts = row.MaxAttempts, CreatedAt = row.CreatedAt, DueAt = row.DueAt, StartedAt = row.StartedAt, EndedAt = row.EndedAt, CancelRequested = row.CancelRequested,
        Queue = row.Queue, Priority = row.Priority, Deadline = row.Deadline, Group = row.Group, WaitsFor = JobView.Waits(row), Worker = row.Worker,
        Progress = row.Progress is { } at ? new ProgressAnswer(at.Stage, at.Done, at.Total, at.Unit, at.Detail) : null, Error = row.Error,
    };
}

/// <param name="Unit">Of done and total: <c>bytes</c>, <c>tables</c>, <c>rows</c>.</param>
internal sealed record ProgressAnswer(string Stage, long Done, long? Total, string Unit, string? Detail);

/// <param name="Outcome"><c>running</c>, <c>succeeded</c>, <c>failed</c>, <c>cancelled</c>, <c>lost</c> (its worker died) or <c>interrupted</c> (its worker was stopped).</param>
internal sealed record AttemptAnswer(int Number, string Worker, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, string Outcome, string? Error)
{
    public static AttemptAnswer Of(JobAttempt attempt) => new(attempt.Number, attempt.Worker, attempt.StartedAt, attempt.EndedAt, attempt.Outcome, attempt.Error);
}

internal sealed record LogLineAnswer(DateTimeOffset At, int Attempt, string Message);
