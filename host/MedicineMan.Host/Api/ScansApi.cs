using MedicineMan.Host.Access;
using MedicineMan.Host.Api.Contract;
using MedicineMan.Host.Scanning;
using MedicineMan.Host.Servers;
using MedicineMan.Jobs;
using Microsoft.AspNetCore.Http.HttpResults;

namespace MedicineMan.Host.Api;

/// What a look at a server found, and the next look.
internal static class ScansApi
{
    public static void Map(RouteGroupBuilder servers)
    {
        servers.MapPost("/{id}/scans", Start).RequireAuthorization(Policies.Operator).WithName("startScan").WithSummary("Scans the server: read-only, without root, one connection");
        servers.MapGet("/{id}/scans/latest", Latest).RequireAuthorization(Policies.Viewer).WithName("getLatestScan").WithSummary("Facts, disks and services as last seen");
    }

    private static async Task<Accepted<JobAnswer>> Start(string id, HttpContext http, ServerStore servers, ScanQueue scans, JobQueue jobs, CancellationToken cancel)
    {
        var visitor = http.Visitor();
        var server = await servers.Find(visitor.Organization, id, cancel) ?? throw ApiProblem.NotFound("server", id);
        return await JobsApi.Accepted(await scans.Enqueue(visitor.Organization, server, visitor.Actor, cancel), http, jobs, cancel);
    }

    private static async Task<Ok<ScanAnswer>> Latest(string id, HttpContext http, ServerStore servers, ScanStore scans, CancellationToken cancel)
    {
        var organization = http.Visitor().Organization;
        _ = await servers.Find(organization, id, cancel) ?? throw ApiProblem.NotFound("server", id);
        var scan = await scans.Latest(organization, id, cancel) ?? throw new ApiProblem(StatusCodes.Status404NotFound, "not-scanned", "This server was not scanned yet.");
        return TypedResults.Ok(new ScanAnswer
        {
            Id = scan.Id,
            StartedAt = scan.StartedAt,
            Milliseconds = scan.Milliseconds,
            Complete = scan.Complete,
            Notes = scan.NoteList,
            Facts = (await scans.Facts(organization, id, cancel)).ToDictionary(fact => fact.Name, fact => fact.Value),
            Disks = [.. (await scans.Disks(organization, id, cancel)).Select(disk => new DiskAnswer(disk.Mount, disk.Device, disk.FileSystem, disk.TotalBytes, disk.UsedBytes, disk.FreeBytes))],
            Services = [.. (await scans.Services(organization, id, cancel)).Select(FoundServiceAnswer.Of)],
        });
    }
}

internal sealed record ScanAnswer
{
    public required string Id { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required long Milliseconds { get; init; }

    /// False when the output ended early: what was not seen kept its earlier values.
    public required bool Complete { get; init; }

    public required IReadOnlyList<string> Notes { get; init; }

    public required IReadOnlyDictionary<string, string> Facts { get; init; }

    public required IReadOnlyList<DiskAnswer> Disks { get; init; }

    public required IReadOnlyList<FoundServiceAnswer> Services { get; init; }
}

internal sealed record DiskAnswer(string Mount, string Device, string FileSystem, long TotalBytes, long UsedBytes, long FreeBytes);

/// <param name="Confidence">From 0 to 1, drawn from the evidence.</param>
internal sealed record FoundServiceAnswer(
    string Id, string Kind, string Identity, string Title, string? Version, int? Port, string? SocketDirectory, string? DataDirectory, string? RunsAs, bool Running, double Confidence,
    IReadOnlyList<EvidenceAnswer> Evidence, IReadOnlyList<FoundStoreAnswer> Stores, DateTimeOffset FirstSeenAt, DateTimeOffset LastSeenAt)
{
    public static FoundServiceAnswer Of(ServiceRow row) => new(
        row.Id, row.Kind, row.Identity, row.Title, row.Version, row.Port, row.SocketDirectory, row.DataDirectory, row.RunsAs, row.Running, row.Confidence,
        [.. row.EvidenceList.Select(evidence => new EvidenceAnswer(evidence.Signal, evidence.Weight))], [.. row.StoreList.Select(store => new FoundStoreAnswer(store.Name, store.Bytes))],
        row.FirstSeenAt, row.LastSeenAt);
}

internal sealed record EvidenceAnswer(string Signal, double Weight);

/// A database or the like inside a service.
internal sealed record FoundStoreAnswer(string Name, long? Bytes);
