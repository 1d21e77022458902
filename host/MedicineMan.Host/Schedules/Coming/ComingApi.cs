using MedicineMan.Host.Access;
using MedicineMan.Host.Api.Contract;
using Microsoft.AspNetCore.Http.HttpResults;

namespace MedicineMan.Host.Schedules.Coming;

internal static class ComingApi
{
    public static void Map(RouteGroupBuilder schedules) =>
        schedules.MapGet("/upcoming", List).RequireAuthorization(Policies.Viewer).WithName("listUpcomingStarts")
            .WithSummary($"What the clock is going to start, by its moment; a schedule that starts more than {ComingStarts.MostSingle} times on a day has one item for that day");

    private static async Task<Ok<ListOf<ComingStartAnswer>>> List(
        [AsParameters] Paging paging, DateTimeOffset? from, DateTimeOffset? to, string? zone, HttpContext http, ComingStarts coming, TimeProvider time, CancellationToken cancel)
    {
        var range = ComingRange.Read(from, to, zone, time.GetUtcNow(), out var problem) ?? throw ApiProblem.Invalid(problem.Field, problem.Sentence);
        var visitor = http.Visitor();
        return TypedResults.Ok(Lists.Of(await coming.Page(visitor.Organization, visitor.IsOfTheHouse, range, paging.After, paging.Rows, cancel), ComingStartAnswer.Of));
    }
}

/// <param name="Id">Of the schedule; of a plugin's, its id, a slash and its job.</param>
/// <param name="Page">Where it is looked after in the browser.</param>
/// <param name="StartAt">The first start, or the only one.</param>
/// <param name="LastStartAt">The last of the day.</param>
/// <param name="Times">How many starts it stands for.</param>
/// <param name="OrMore">Whether there are more than were counted.</param>
internal sealed record ComingStartAnswer(string Id, string Name, string Page, DateTimeOffset StartAt, DateTimeOffset LastStartAt, int Times, bool OrMore)
{
    public static ComingStartAnswer Of(ComingStart start) => new(start.Id, start.Name, start.Page, start.Start, start.Last, start.Times, start.OrMore);
}
