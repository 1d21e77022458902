using System.ComponentModel.DataAnnotations;
using MedicineMan.Host.Access;
using MedicineMan.Host.Api.Contract;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace MedicineMan.Host.Api;

/// The caller's own API tokens.
internal static class TokensApi
{
    public static void Map(RouteGroupBuilder tokens)
    {
        tokens.MapGet("", List).RequireAuthorization(Policies.Viewer).WithName("listTokens").WithSummary("Your API tokens, newest first, on one page");
        tokens.MapPost("", Create).RequireAuthorization(Policies.Viewer).WithName("createToken").WithSummary("Makes a token that acts as you; it is shown this once");
        tokens.MapDelete("/{id}", Revoke).RequireAuthorization(Policies.Viewer).WithName("revokeToken").WithSummary("Revokes one of your tokens");
    }

    private static async Task<Ok<ListOf<TokenAnswer>>> List(HttpContext http, ApiTokenStore tokens, CancellationToken cancel) =>
        TypedResults.Ok(new ListOf<TokenAnswer>([.. (await tokens.List(http.Visitor(), cancel)).Select(TokenAnswer.Of)], null));

    private static async Task<Created<NewTokenAnswer>> Create([FromBody] TokenRequest request, HttpContext http, ApiTokenStore tokens, TimeProvider time, CancellationToken cancel)
    {
        DateTimeOffset? expires = request.Days is 0 ? null : time.GetUtcNow().AddDays(request.Days ?? 90);
        var token = await tokens.Create(http.Visitor(), request.Name!.Trim(), expires, cancel);
        return TypedResults.Created((string?)null, new NewTokenAnswer(token, request.Name.Trim(), expires));
    }

    private static async Task<NoContent> Revoke(string id, HttpContext http, ApiTokenStore tokens, CancellationToken cancel)
    {
        if ((await tokens.List(http.Visitor(), cancel)).All(token => token.Id != id))
        {
            throw ApiProblem.NotFound("token of yours", id);
        }

        await tokens.Revoke(http.Visitor(), id, cancel);
        return TypedResults.NoContent();
    }
}

internal sealed record TokenRequest
{
    [Required(ErrorMessage = "Say what the token is for."), StringLength(100, ErrorMessage = "The name has at most 100 characters.")]
    public string? Name { get; init; }

    /// Until it expires; 0 for never, 90 when left out.
    [Range(0, 3650, ErrorMessage = "A token expires after 1 to 3650 days, or never with 0.")]
    public int? Days { get; init; }
}

internal sealed record TokenAnswer(string Id, string Name, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? UsedAt)
{
    public static TokenAnswer Of(ApiTokenRow row) => new(row.Id, row.Name, row.CreatedAt, row.ExpiresAt, row.UsedAt);
}

/// <param name="Token">The token in full; nobody can show it again.</param>
internal sealed record NewTokenAnswer(string Token, string Name, DateTimeOffset? ExpiresAt);
