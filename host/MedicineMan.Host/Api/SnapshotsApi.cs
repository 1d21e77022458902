using MedicineMan.Host.Access;
using MedicineMan.Host.Api.Contract;
using MedicineMan.Host.Backups;
using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Jobs;
using Microsoft.AspNetCore.Http.HttpResults;

namespace MedicineMan.Host.Api;

/// What a repository holds, as it was last read. Reading it anew is a job.
internal static class SnapshotsApi
{
    public static void Map(RouteGroupBuilder repositories)
    {
        repositories.MapGet("/{id}/snapshots", List).RequireAuthorization(Policies.Viewer).WithName("listSnapshots").WithSummary("Snapshots, newest first, as last read");
        repositories.MapPost("/{id}/snapshots/read", Read).RequireAuthorization(Policies.Operator).WithName("readSnapshots").WithSummary("Reads the list of snapshots from the storage again");
        repositories.MapGet("/{id}/snapshots/{snapshot}", Get).RequireAuthorization(Policies.Viewer).WithName("getSnapshot").WithSummary("The one snapshot whose id starts so");
        repositories.MapGet("/{id}/snapshots/{snapshot}/files", Browse).RequireAuthorization(Policies.Viewer).WithName("browseSnapshot")
            .WithSummary("A folder of a snapshot; 202 with the job while it is being read for the first time");
    }

    private static async Task<Ok<ListOf<SnapshotAnswer>>> List(string id, [AsParameters] Paging paging, HttpContext http, RepositoryStore repositories, SnapshotStore snapshots, CancellationToken cancel)
    {
        await RepositoriesApi.One(id, http, repositories, cancel);
        return TypedResults.Ok(Lists.Of(await snapshots.Page(http.Visitor().Organization, id, paging.After, paging.Rows, cancel), row => SnapshotAnswer.Of(row, id)));
    }

    private static async Task<Accepted<JobAnswer>> Read(string id, HttpContext http, RepositoryStore repositories, SnapshotStore snapshots, JobQueue jobs, CancellationToken cancel)
    {
        var visitor = http.Visitor();
        await RepositoriesApi.One(id, http, repositories, cancel);
        return await JobsApi.Accepted(await snapshots.Read(visitor.Organization, visitor.Actor, id, null, null, cancel), http, jobs, cancel);
    }

    private static async Task<Ok<SnapshotIdAnswer>> Get(string id, string snapshot, HttpContext http, RepositoryStore repositories, SnapshotStore snapshots, CancellationToken cancel)
    {
        await RepositoriesApi.One(id, http, repositories, cancel);
        return TypedResults.Ok(new SnapshotIdAnswer(await Resolved(id, snapshot, http, snapshots, cancel), id));
    }

    private static async Task<Results<Ok<ListOf<FileAnswer>>, Accepted<JobAnswer>>> Browse(
        string id, string snapshot, string? path, HttpContext http, RepositoryStore repositories, SnapshotStore snapshots, JobQueue jobs, CancellationToken cancel)
    {
        var visitor = http.Visitor();
        await RepositoriesApi.One(id, http, repositories, cancel);
        var full = await Resolved(id, snapshot, http, snapshots, cancel);
        var folder = "/" + (path ?? "").Trim('/');
        var listing = await snapshots.Listing(visitor.Organization, id, full, folder, cancel);
        if (listing is null)
        {
            return await JobsApi.Accepted(await snapshots.Read(visitor.Organization, visitor.Actor, id, full, folder, cancel), http, jobs, cancel);
        }

        return listing.Error is null
            ? TypedResults.Ok(new ListOf<FileAnswer>([.. listing.Files.Select(file => new FileAnswer(file.Name, file.IsFolder ? "folder" : "file", file.Bytes))], null))
            : throw new ApiProblem(StatusCodes.Status422UnprocessableEntity, "not-readable", listing.Error);
    }

    private static async Task<string> Resolved(string id, string snapshot, HttpContext http, SnapshotStore snapshots, CancellationToken cancel) =>
        await snapshots.Resolve(http.Visitor().Organization, id, snapshot, cancel) ?? throw ApiProblem.NotFound("snapshot (or more than one)", snapshot);
}

/// <param name="ProveState">Of the run it came from; null for a snapshot of somebody else.</param>
internal sealed record SnapshotAnswer(
    string Id, string RepositoryId, DateTimeOffset TakenAt, string Host, IReadOnlyList<string> Paths, string? RunId, StageState? ProveState, long? StoredBytes)
{
    public static SnapshotAnswer Of(SnapshotRow row, string repository) =>
        new(row.SnapshotId, repository, row.TakenAt, row.Host, row.PathNames, row.RunId, row.ProveState, row.StoredBytes);
}

internal sealed record SnapshotIdAnswer(string Id, string RepositoryId);

/// <param name="Kind"><c>file</c> or <c>folder</c>.</param>
internal sealed record FileAnswer(string Name, string Kind, long Bytes);
