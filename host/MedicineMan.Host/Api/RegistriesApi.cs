using System.ComponentModel.DataAnnotations;
using MedicineMan.Host.Access;
using MedicineMan.Host.Api.Contract;
using MedicineMan.Host.Plugins.Packages;
using MedicineMan.Host.Plugins.Packages.Registries;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace MedicineMan.Host.Api;

/// The registries plugins come from.
internal static class RegistriesApi
{
    public static void Map(RouteGroupBuilder registries)
    {
        registries.MapGet("", List).RequireAuthorization(Policies.Viewer).WithName("listPluginRegistries").WithSummary("The registries that were added, by id");
        registries.MapPost("", Add).RequireAuthorization(Policies.Installation).WithName("addPluginRegistry").WithSummary("Adds a registry and pins the key it is signed with");
        registries.MapPost("/{id}/refresh", Refresh).RequireAuthorization(Policies.Installation).WithName("refreshPluginRegistry").WithSummary("Fetches a registry again");
        registries.MapPost("/{id}/trust", Trust).RequireAuthorization(Policies.Installation).WithName("trustPluginRegistryKey").WithSummary("Trusts the new key a registry showed");
        registries.MapDelete("/{id}", Remove).RequireAuthorization(Policies.Installation).WithName("removePluginRegistry").WithSummary("Forgets a registry; what was installed from it stays");
    }

    private static async Task<Ok<ListOf<RegistryAnswer>>> List([AsParameters] Paging paging, RegistryStore store, CancellationToken cancel) =>
        TypedResults.Ok(Lists.Of(Lists.By(await store.List(cancel), paging, registry => registry.Id), RegistryAnswer.Of));

    private static async Task<Created<RegistryAnswer>> Add([FromBody] RegistryRequest request, HttpContext http, ThirdPartyRegistries registries, CancellationToken cancel)
    {
        var row = await registries.Add(http.Visitor().Administrator(), request.Location!.Trim(), cancel);
        return TypedResults.Created((string?)null, RegistryAnswer.Of(row));
    }

    private static async Task<Ok<RegistryAnswer>> Refresh(string id, HttpContext http, RegistryStore store, ThirdPartyRegistries registries, PluginInstaller installer, CancellationToken cancel)
    {
        _ = http.Visitor().Administrator();
        await Known(id, store, cancel);
        var row = await registries.Refresh(id, cancel);
        await installer.Tend(cancel);
        return TypedResults.Ok(RegistryAnswer.Of(row));
    }

    private static async Task<Ok<RegistryAnswer>> Trust(string id, [FromBody] TrustRequest request, HttpContext http, RegistryStore store, ThirdPartyRegistries registries, CancellationToken cancel)
    {
        await Known(id, store, cancel);
        return TypedResults.Ok(RegistryAnswer.Of(await registries.Trust(http.Visitor().Administrator(), id, request.Fingerprint!, cancel)));
    }

    private static async Task<NoContent> Remove(string id, HttpContext http, RegistryStore store, ThirdPartyRegistries registries, CancellationToken cancel)
    {
        await Known(id, store, cancel);
        await registries.Remove(http.Visitor().Administrator(), id, cancel);
        return TypedResults.NoContent();
    }

    private static async Task Known(string id, RegistryStore store, CancellationToken cancel) => _ = await store.Find(id, cancel) ?? throw ApiProblem.NotFound("registry", id);
}

internal sealed record RegistryRequest
{
    [Required(ErrorMessage = "Say where the registry lies: an https address, or the absolute path of a file.")]
    public string? Location { get; init; }
}

internal sealed record TrustRequest
{
    [Required(ErrorMessage = "Send the fingerprint of the key you compared: SHA256:…")]
    public string? Fingerprint { get; init; }
}

/// <param name="Key">Fingerprint of the pinned key.</param>
/// <param name="OfferedKey">Fingerprint of another key that signed it last, which waits to be trusted.</param>
/// <param name="Error">Why the last look at it failed.</param>
internal sealed record RegistryAnswer(string Id, string Name, string Location, int Serial, string Key, string? OfferedKey, string? Error, DateTimeOffset CheckedAt)
{
    public static RegistryAnswer Of(RegistryRow row) => new(row.Id, row.Name, row.Location, row.Serial, row.Fingerprint, row.OfferedFingerprint, row.Error, row.CheckedAt);
}
