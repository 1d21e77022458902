using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using MedicineMan.Host.Access;
using MedicineMan.Host.Api.Contract;
using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Host.Plugins.Settings.Forms;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace MedicineMan.Host.Api;

internal static class RepositoriesApi
{
    public static void Map(RouteGroupBuilder repositories)
    {
        repositories.MapGet("", List).RequireAuthorization(Policies.Viewer).WithName("listRepositories").WithSummary("Repositories by name");
        repositories.MapGet("/{id}", Get).RequireAuthorization(Policies.Viewer).WithName("getRepository").WithSummary("One repository");
        repositories.MapPost("", Add).RequireAuthorization(Policies.Admin).WithName("addRepository").WithSummary("Adds a repository; a job makes it on its storage, or opens the one that is there");
        repositories.MapDelete("/{id}", Remove).RequireAuthorization(Policies.Admin).WithName("removeRepository").WithSummary("Forgets the repository; what lies on its storage stays");
    }

    private static async Task<Ok<ListOf<RepositoryAnswer>>> List([AsParameters] Paging paging, HttpContext http, RepositoryStore repositories, CancellationToken cancel) =>
        TypedResults.Ok(Lists.Of(await repositories.Page(http.Visitor().Organization, paging.After, paging.Rows, cancel), RepositoryAnswer.Of));

    private static async Task<Ok<RepositoryAnswer>> Get(string id, HttpContext http, RepositoryStore repositories, CancellationToken cancel) =>
        TypedResults.Ok(RepositoryAnswer.Of(await One(id, http, repositories, cancel)));

    private static async Task<Created<RepositoryAnswer>> Add([FromBody] RepositoryRequest request, HttpContext http, RepositoryStore repositories, StorageKinds kinds, CancellationToken cancel)
    {
        var visitor = http.Visitor();
        var kind = kinds.Find(request.Kind) ?? throw ApiProblem.Invalid("kind", $"No plugin in use offers the storage \"{request.Kind}\". There are: {string.Join(", ", kinds.All.Select(one => one.Kind))}.");
        var repository = kind.Settings is { } schema
            ? kind.Repository(request.Name!.Trim(), Checked(schema, request.Settings!))
            : new NewRepository(request.Name!.Trim(), kind.Kind, request.Settings!.ToJsonString());
        var id = await repositories.Add(visitor.Organization, visitor.Actor, repository, string.IsNullOrEmpty(request.Password) ? null : request.Password, cancel);
        return TypedResults.Created($"{ApiSetup.Root}/repositories/{id}", RepositoryAnswer.Of(await One(id, http, repositories, cancel)));
    }

    private static SettingsDraft Checked(SettingsSchema schema, JsonObject settings)
    {
        var draft = SettingsValues.FromJson(schema, settings, null);
        return draft.Errors.Count == 0 ? draft : throw ApiProblem.Invalid(draft.Errors.ToDictionary(error => $"settings.{error.Key}", error => new[] { $"{error.Key} {error.Value}." }));
    }

    private static async Task<NoContent> Remove(string id, HttpContext http, RepositoryStore repositories, CancellationToken cancel)
    {
        await One(id, http, repositories, cancel);
        await repositories.Remove(http.Visitor().Organization, http.Visitor().Actor, id, cancel);
        return TypedResults.NoContent();
    }

    public static async Task<RepositoryRow> One(string id, HttpContext http, RepositoryStore repositories, CancellationToken cancel) =>
        await repositories.Find(http.Visitor().Organization, id, cancel) ?? throw ApiProblem.NotFound("repository", id);
}

internal sealed record RepositoryRequest
{
    [Required(ErrorMessage = "Give the repository a name."), StringLength(100, ErrorMessage = "The name has at most 100 characters.")]
    public string? Name { get; init; }

    /// Of a storage that a plugin offers: <c>local</c>.
    [Required(ErrorMessage = "Say which kind of storage it is on, for instance local.")]
    public string? Kind { get; init; }

    /// The storage's settings, as its plugin's form names them: <c>{ "path": "/backups" }</c>. Secrets go into the vault and are never returned.
    [Required(ErrorMessage = "Send the storage's settings; for local that is a path.")]
    public JsonObject? Settings { get; init; }

    /// Of a repository that is there already; without it a new one is made, with a random password kept in the vault.
    public string? Password { get; init; }
}

/// <param name="State"><c>new</c> or <c>existing</c> until it was made or opened, then <c>ready</c>; <c>failed new</c> or <c>failed</c> with the reason in Error.</param>
internal sealed record RepositoryAnswer(string Id, string Name, string Kind, string Place, string State, string? Error, long? StoredBytes, DateTimeOffset? CheckedAt, DateTimeOffset CreatedAt)
{
    public static RepositoryAnswer Of(RepositoryRow row) => new(row.Id, row.Name, row.Kind, row.Place, row.State, row.Error, row.StoredBytes, row.CheckedAt, row.CreatedAt);
}
