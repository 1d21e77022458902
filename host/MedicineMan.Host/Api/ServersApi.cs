using MedicineMan.Host.Access;
using MedicineMan.Host.Api.Contract;
using MedicineMan.Host.Servers;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace MedicineMan.Host.Api;

internal static class ServersApi
{
    public static void Map(RouteGroupBuilder servers)
    {
        servers.MapGet("", List).RequireAuthorization(Policies.Viewer).WithName("listServers").WithSummary("Servers by name");
        servers.MapGet("/{id}", Get).RequireAuthorization(Policies.Viewer).WithName("getServer").WithSummary("One server");
        servers.MapPost("", Add).RequireAuthorization(Policies.Admin).WithName("addServer").WithSummary("Adds a server");
        servers.MapPut("/{id}", Edit).RequireAuthorization(Policies.Admin).WithName("editServer").WithSummary("Changes a server; without a credential the stored one stays");
        servers.MapDelete("/{id}", Remove).RequireAuthorization(Policies.Admin).WithName("removeServer").WithSummary("Removes a server from the list; the machine itself is not touched");
    }

    private static async Task<Ok<ListOf<ServerAnswer>>> List([AsParameters] Paging paging, string? search, string? tag, HttpContext http, ServerStore servers, CancellationToken cancel) =>
        TypedResults.Ok(Lists.Of(await servers.Page(http.Visitor().Organization, search, tag, paging.After, paging.Rows, cancel), ServerAnswer.Of));

    private static async Task<Ok<ServerAnswer>> Get(string id, HttpContext http, ServerStore servers, CancellationToken cancel) =>
        TypedResults.Ok(await One(id, http, servers, cancel));

    private static async Task<Created<ServerAnswer>> Add([FromBody] ServerRequest request, HttpContext http, ServerStore servers, CancellationToken cancel)
    {
        var visitor = http.Visitor();
        var id = await servers.Add(visitor.Organization, request.Draft(), visitor.Actor, cancel);
        return TypedResults.Created($"{ApiSetup.Root}/servers/{id}", await One(id, http, servers, cancel));
    }

    private static async Task<Ok<ServerAnswer>> Edit(string id, [FromBody] ServerRequest request, HttpContext http, ServerStore servers, CancellationToken cancel)
    {
        var visitor = http.Visitor();
        var known = await One(id, http, servers, cancel);
        await servers.Edit(visitor.Organization, id, (request with { Kind = known.Kind }).Draft(), visitor.Actor, cancel);
        return TypedResults.Ok(await One(id, http, servers, cancel));
    }

    private static async Task<NoContent> Remove(string id, HttpContext http, ServerStore servers, CancellationToken cancel)
    {
        await One(id, http, servers, cancel);
        await servers.Remove(http.Visitor().Organization, id, http.Visitor().Actor, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<ServerAnswer> One(string id, HttpContext http, ServerStore servers, CancellationToken cancel) =>
        ServerAnswer.Of(await servers.Find(http.Visitor().Organization, id, cancel) ?? throw ApiProblem.NotFound("server", id));
}

/// What an operator says about a server.
internal sealed record ServerRequest
{
    public string? Name { get; init; }

    /// <c>ssh</c> or <c>local</c>; cannot be changed later.
    public string Kind { get; init; } = ServerKind.Ssh;

    public string? Address { get; init; }

    public int Port { get; init; } = 22;

    public string? UserName { get; init; }

    public IReadOnlyList<string>? Tags { get; init; }

    /// One of password and privateKey.
    public string? Password { get; init; }

    public string? PrivateKey { get; init; }

    public string? Passphrase { get; init; }

    public ServerDraft Draft()
    {
        if (Password is not null && PrivateKey is not null)
        {
            throw ApiProblem.Invalid("privateKey", "Send a password or a private key, not both.");
        }

        var draft = new ServerDraft
        {
            Name = Name ?? "",
            Kind = Kind,
            Address = Address ?? "",
            Port = Port,
            UserName = UserName ?? "",
            Tags = Tags ?? [],
            Credential = PrivateKey is not null ? new NewCredential("key", PrivateKey, Passphrase) : Password is not null ? new NewCredential("password", Password) : null,
        };
        var problems = draft.Problems();
        return problems.Count == 0 ? draft : throw ApiProblem.Invalid(problems.ToDictionary(problem => problem.Key, problem => new[] { problem.Value }));
    }
}

internal sealed record ServerAnswer
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string Kind { get; init; }

    public required string Address { get; init; }

    public required int Port { get; init; }

    public required string UserName { get; init; }

    public required IReadOnlyList<string> Tags { get; init; }

    /// <c>unknown</c>, <c>reachable</c>, <c>online</c> or <c>failed</c>.
    public required string State { get; init; }

    public DateTimeOffset? SeenAt { get; init; }

    public string? LastError { get; init; }

    public string? OsName { get; init; }

    public string? Services { get; init; }

    public int? DiskUsedPercent { get; init; }

    /// <c>password</c>, <c>key</c> or none; only on a single server, like all below.
    public string? CredentialKind { get; init; }

    public string? HostKeyFingerprint { get; init; }

    /// A changed key that waits for a person's approval; until then nothing is sent to the server.
    public string? PendingHostKeyFingerprint { get; init; }

    public DateTimeOffset? ScannedAt { get; init; }

    public DateTimeOffset? CreatedAt { get; init; }

    public static ServerAnswer Of(ServerRow row) => new()
    {
        Id = row.Id, Name = row.Name, Kind = row.Kind, Address = row.Address, Port = row.Port, UserName = row.UserName, Tags = row.TagList, State = row.State, SeenAt = row.SeenAt,
        LastError = row.LastError, OsName = row.OsName, Services = row.ServicesSummary, DiskUsedPercent = row.DiskUsedPercent,
    };

    public static ServerAnswer Of(Server server) => Of((ServerRow)server) with
    {
        CredentialKind = server.CredentialKind, HostKeyFingerprint = server.HostKeyFingerprint, PendingHostKeyFingerprint = server.PendingHostKeyFingerprint,
        ScannedAt = server.ScannedAt, CreatedAt = server.CreatedAt,
    };
}
