using MedicineMan.Host.Access;
using MedicineMan.Host.Api.Contract;
using MedicineMan.Host.Backups.Plans;
using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Host.Backups.Runs;
using MedicineMan.Host.Servers;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace MedicineMan.Host.Api;

internal static class PlansApi
{
    public static void Map(RouteGroupBuilder plans)
    {
        plans.MapGet("", List).RequireAuthorization(Policies.Viewer).WithName("listPlans").WithSummary("Plans by name");
        plans.MapGet("/{id}", Get).RequireAuthorization(Policies.Viewer).WithName("getPlan").WithSummary("One plan");
        plans.MapPost("", Add).RequireAuthorization(Policies.Admin).WithName("addPlan").WithSummary("Adds a plan and looks at its source");
        plans.MapPut("/{id}", Edit).RequireAuthorization(Policies.Admin).WithName("editPlan").WithSummary("Changes a plan; without a password the stored one stays, an empty one removes it");
        plans.MapDelete("/{id}", Remove).RequireAuthorization(Policies.Admin).WithName("removePlan").WithSummary("Removes a plan; its backups stay");
        plans.MapPost("/{id}/run", Run).RequireAuthorization(Policies.Operator).WithName("runPlan").WithSummary("Backs up now; while a run of the plan waits or dumps, answers that one");
    }

    private static async Task<Ok<ListOf<PlanAnswer>>> List([AsParameters] Paging paging, string? server, HttpContext http, PlanStore plans, CancellationToken cancel) =>
        TypedResults.Ok(Lists.Of(await plans.Page(http.Visitor().Organization, server, paging.After, paging.Rows, cancel), PlanAnswer.Of));

    private static async Task<Ok<PlanAnswer>> Get(string id, HttpContext http, PlanStore plans, CancellationToken cancel) =>
        TypedResults.Ok(PlanAnswer.Of(await One(id, http, plans, cancel)));

    private static async Task<Created<PlanAnswer>> Add(
        [FromBody] PlanRequest request, HttpContext http, PlanStore plans, ServerStore servers, RepositoryStore repositories, BackupKinds kinds, CancellationToken cancel)
    {
        await RefuseUnknown(request, http, servers, repositories, kinds, cancel);
        var id = await plans.Add(http.Visitor().Organization, http.Visitor().Actor, request.Settings(), cancel);
        return TypedResults.Created($"{ApiSetup.Root}/plans/{id}", PlanAnswer.Of(await One(id, http, plans, cancel)));
    }

    private static async Task<Ok<PlanAnswer>> Edit(
        string id, [FromBody] PlanRequest request, HttpContext http, PlanStore plans, ServerStore servers, RepositoryStore repositories, BackupKinds kinds, CancellationToken cancel)
    {
        var known = await One(id, http, plans, cancel);
        if (request.ServerId != known.ServerId || request.Kind != known.Kind)
        {
            throw ApiProblem.Invalid(request.Kind != known.Kind ? "kind" : "serverId", "A plan stays with its server and kind. Add another plan for another one.");
        }

        await RefuseUnknown(request, http, servers, repositories, kinds, cancel);
        await plans.Edit(http.Visitor().Organization, http.Visitor().Actor, id, request.Settings(), cancel);
        return TypedResults.Ok(PlanAnswer.Of(await One(id, http, plans, cancel)));
    }

    private static async Task<NoContent> Remove(string id, HttpContext http, PlanStore plans, CancellationToken cancel)
    {
        await One(id, http, plans, cancel);
        await plans.Remove(http.Visitor().Organization, http.Visitor().Actor, id, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<Accepted<BackupAnswer>> Run(string id, HttpContext http, PlanStore plans, RunStore runs, CancellationToken cancel)
    {
        await One(id, http, plans, cancel);
        var run = await runs.BackUpNow(http.Visitor().Organization, http.Visitor().Actor, id, cancel);
        return TypedResults.Accepted($"{ApiSetup.Root}/backups/{run}", BackupAnswer.Of(await runs.Get(http.Visitor().Organization, run, cancel)));
    }

    private static async Task<PlanRow> One(string id, HttpContext http, PlanStore plans, CancellationToken cancel) =>
        await plans.Find(http.Visitor().Organization, id, cancel) ?? throw ApiProblem.NotFound("plan", id);

    private static async Task RefuseUnknown(PlanRequest request, HttpContext http, ServerStore servers, RepositoryStore repositories, BackupKinds kinds, CancellationToken cancel)
    {
        var organization = http.Visitor().Organization;
        var errors = new Dictionary<string, string[]>();
        if (await servers.Find(organization, request.ServerId!, cancel) is null)
        {
            errors["serverId"] = [$"There is no server {request.ServerId}."];
        }

        if (request.ProofServerId is { } proof && await servers.Find(organization, proof, cancel) is null)
        {
            errors["proofServerId"] = [$"There is no server {proof}."];
        }

        if (await repositories.Find(organization, request.RepositoryId!, cancel) is null)
        {
            errors["repositoryId"] = [$"There is no repository {request.RepositoryId}."];
        }

        if (kinds.All.All(kind => kind.Kind != request.Kind))
        {
            errors["kind"] = [$"No plugin in use backs up \"{request.Kind}\". There are: {string.Join(", ", kinds.All.Select(kind => kind.Kind))}."];
        }

        if (errors.Count > 0)
        {
            throw ApiProblem.Invalid(errors);
        }
    }
}
