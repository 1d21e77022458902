using System.ComponentModel.DataAnnotations;
using MedicineMan.Host.Access;
using MedicineMan.Host.Api;
using MedicineMan.Host.Api.Contract;
using MedicineMan.Host.Schedules.Coming;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace MedicineMan.Host.Schedules;

internal static class SchedulesApi
{
    private const int Upcoming = 5;

    public static void Map(RouteGroupBuilder schedules)
    {
        schedules.MapGet("", List).RequireAuthorization(Policies.Viewer).WithName("listSchedules").WithSummary("Schedules by name");
        schedules.MapGet("/{id}", Get).RequireAuthorization(Policies.Viewer).WithName("getSchedule").WithSummary("One schedule with its next starts");
        schedules.MapGet("/{id}/starts", Starts).RequireAuthorization(Policies.Viewer).WithName("listScheduleStarts").WithSummary("What became of its due times, newest first");
        ComingApi.Map(schedules);
        schedules.MapPost("", Add).RequireAuthorization(Policies.Admin).WithName("addSchedule").WithSummary("Adds a schedule");
        schedules.MapPost("/preview", Preview).RequireAuthorization(Policies.Viewer).WithName("previewSchedule").WithSummary("The next starts that a schedule would have; nothing is added");
        schedules.MapPut("/{id}", Edit).RequireAuthorization(Policies.Admin).WithName("editSchedule").WithSummary("Changes a schedule; its next start is counted from now");
        schedules.MapDelete("/{id}", Remove).RequireAuthorization(Policies.Admin).WithName("removeSchedule").WithSummary("Removes a schedule; what it started stays");
        schedules.MapPost("/{id}/pause", Pause).RequireAuthorization(Policies.Operator).WithName("pauseSchedule").WithSummary("Nothing is due until it is resumed, and nothing of it is made up for");
        schedules.MapPost("/{id}/resume", Resume).RequireAuthorization(Policies.Operator).WithName("resumeSchedule").WithSummary("Goes on with the next due time");
        schedules.MapPost("/{id}/run", Run).RequireAuthorization(Policies.Operator).WithName("runSchedule").WithSummary("Starts now what it starts; its times stay as they are");
    }

    private static async Task<Ok<ListOf<ScheduleAnswer>>> List([AsParameters] Paging paging, string? subject, HttpContext http, ScheduleStore schedules, CancellationToken cancel) =>
        TypedResults.Ok(Lists.Of(await schedules.Page(http.Visitor().Organization, subject, paging.After, paging.Rows, cancel), row => ScheduleAnswer.Of(row)));

    private static async Task<Ok<ScheduleAnswer>> Get(string id, HttpContext http, ScheduleStore schedules, TimeProvider time, CancellationToken cancel) =>
        TypedResults.Ok(await Whole(id, http, schedules, time, cancel));

    private static async Task<Ok<ListOf<ScheduleStart>>> Starts(string id, [AsParameters] Paging paging, HttpContext http, ScheduleStore schedules, CancellationToken cancel)
    {
        await One(id, http, schedules, cancel);
        return TypedResults.Ok(Lists.Of(await schedules.Starts(http.Visitor().Organization, id, paging.After, paging.Rows, cancel), start => start));
    }

    private static async Task<Created<ScheduleAnswer>> Add(
        [FromBody] ScheduleRequest request, HttpContext http, ScheduleStore schedules, ScheduleActions actions, TimeProvider time, CancellationToken cancel)
    {
        var settings = Read(request, time);
        if (await actions.NameOf(http.Visitor().Organization, settings.Action, settings.Subject, cancel) is null)
        {
            throw actions.Find(settings.Action) is null
                ? ApiProblem.Invalid("action", $"A schedule does one of: {string.Join(", ", actions.Names)}.") : ApiProblem.Invalid("subject", $"There is no {settings.Subject} for it.");
        }

        var id = await schedules.Add(http.Visitor().Organization, http.Visitor().Actor, settings, cancel);
        return TypedResults.Created($"{ApiSetup.Root}/schedules/{id}", await Whole(id, http, schedules, time, cancel));
    }

    private static Ok<IReadOnlyList<DateTimeOffset>> Preview([FromBody] ScheduleRequest request, TimeProvider time) =>
        TypedResults.Ok(Read(request, time).Upcoming("", time.GetUtcNow(), Upcoming));

    private static async Task<Ok<ScheduleAnswer>> Edit(string id, [FromBody] ScheduleRequest request, HttpContext http, ScheduleStore schedules, TimeProvider time, CancellationToken cancel)
    {
        var known = await One(id, http, schedules, cancel);
        var settings = Read(request, time);
        if ((settings.Action, settings.Subject) != (known.Action, known.Subject))
        {
            throw ApiProblem.Invalid("subject", "A schedule stays with what it does. Add another one for something else.");
        }

        await schedules.Edit(known.Organization, http.Visitor().Actor, id, settings, cancel);
        return TypedResults.Ok(await Whole(id, http, schedules, time, cancel));
    }

    private static async Task<NoContent> Remove(string id, HttpContext http, ScheduleStore schedules, CancellationToken cancel)
    {
        await schedules.Remove((await One(id, http, schedules, cancel)).Organization, http.Visitor().Actor, id, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<ScheduleAnswer>> Pause(string id, HttpContext http, ScheduleStore schedules, TimeProvider time, CancellationToken cancel)
    {
        await schedules.Pause((await One(id, http, schedules, cancel)).Organization, http.Visitor().Actor, id, cancel);
        return TypedResults.Ok(await Whole(id, http, schedules, time, cancel));
    }

    private static async Task<Ok<ScheduleAnswer>> Resume(string id, HttpContext http, ScheduleStore schedules, TimeProvider time, CancellationToken cancel)
    {
        await schedules.Resume((await One(id, http, schedules, cancel)).Organization, http.Visitor().Actor, id, cancel);
        return TypedResults.Ok(await Whole(id, http, schedules, time, cancel));
    }

    private static async Task<Accepted<ScheduleStarted>> Run(string id, HttpContext http, ScheduleStore schedules, DueSchedules clock, TimeProvider time, CancellationToken cancel) =>
        await clock.StartNow(await One(id, http, schedules, cancel), http.Visitor().Actor, time.GetUtcNow(), cancel) is { } url
            ? TypedResults.Accepted(url, new ScheduleStarted(url))
            : throw ApiProblem.Conflict("still-going", "The one before has not ended. Wait for its end, or cancel it.");

    private static ScheduleSettings Read(ScheduleRequest request, TimeProvider time)
    {
        var settings = request.Settings();
        var problems = settings.Problems(time.GetUtcNow());
        return problems.Count == 0 ? settings : throw ApiProblem.Invalid(problems.ToDictionary(problem => problem.Key, problem => new[] { problem.Value }));
    }

    private static async Task<ScheduleAnswer> Whole(string id, HttpContext http, ScheduleStore schedules, TimeProvider time, CancellationToken cancel)
    {
        var row = await One(id, http, schedules, cancel);
        return ScheduleAnswer.Of(row) with { Upcoming = row.Upcoming(time.GetUtcNow(), Upcoming) };
    }

    private static async Task<ScheduleRow> One(string id, HttpContext http, ScheduleStore schedules, CancellationToken cancel) =>
        await schedules.Find(http.Visitor().Organization, id, cancel) ?? throw ApiProblem.NotFound("schedule", id);
}

internal sealed record ScheduleRequest
{
    [Required(ErrorMessage = "Give the schedule a name.")]
    public string? Name { get; init; }

    /// What it does: <c>back-up</c>.
    [Required(ErrorMessage = "Say what it does, for instance back-up.")]
    public string? Action { get; init; }

    /// What it is done to: the id of a plan.
    [Required(ErrorMessage = "Say what it is done to, for instance the id of a plan.")]
    public string? Subject { get; init; }

    /// Minute, hour, day, month and weekday; a sixth field in front is seconds.
    [Required(ErrorMessage = "Say when, for instance 0 2 * * *.")]
    public string? Cron { get; init; }

    /// IANA name of a time zone; UTC when left out.
    public string Zone { get; init; } = "UTC";

    /// Each start is later by up to so many seconds.
    public int JitterSeconds { get; init; }

    /// What is made up for of the times that passed while nothing ran.
    public MissedRuns Missed { get; init; } = MissedRuns.Once;

    /// At most so many of all.
    public int MissedMost { get; init; } = 10;

    /// What the next one does when the one before has not ended.
    public Overlap Overlap { get; init; } = Overlap.Skip;

    /// One a line: <c>Mon-Fri 08:00-18:00</c>.
    public string? Blackouts { get; init; }

    public ScheduleSettings Settings() => new()
    {
        Name = Name!.Trim(), Action = Action!, Subject = Subject!, Cron = Cron!.Trim(), Zone = Zone, JitterSeconds = JitterSeconds, Missed = Missed, MissedMost = MissedMost, Overlap = Overlap,
        Blackouts = (Blackouts ?? "").Trim(),
    };
}

internal sealed record ScheduleAnswer
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string Action { get; init; }

    public required string Subject { get; init; }

    public required string Cron { get; init; }

    public required string Zone { get; init; }

    public required int JitterSeconds { get; init; }

    public required MissedRuns Missed { get; init; }

    public required int MissedMost { get; init; }

    public required Overlap Overlap { get; init; }

    public required string Blackouts { get; init; }

    public DateTimeOffset? PausedAt { get; init; }

    /// Null while it is paused, and when it is never due again.
    public DateTimeOffset? NextStartAt { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// Only on a single schedule.
    public IReadOnlyList<DateTimeOffset>? Upcoming { get; init; }

    public static ScheduleAnswer Of(ScheduleRow row) => new()
    {
        Id = row.Id, Name = row.Name, Action = row.Action, Subject = row.Subject, Cron = row.Cron, Zone = row.Zone, JitterSeconds = row.JitterSeconds, Missed = row.Missed, MissedMost = row.MissedMost,
        Overlap = row.Overlap, Blackouts = row.Blackouts, PausedAt = row.PausedAt, NextStartAt = row.StartAt, CreatedAt = row.CreatedAt,
    };
}

/// <param name="Page">Where what was started is seen in the browser.</param>
internal sealed record ScheduleStarted(string Page);
