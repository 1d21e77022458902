using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace MedicineMan.Host.Access;

/// <c>Authorization: Bearer mm_…</c>. A wrong token is an error even where strangers may look: who sends one means to be known.
internal sealed class ApiTokenScheme(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, ApiTokenStore tokens)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string Name = "token";
    private const string Bearer = "Bearer ";

    public static bool Applies(HttpContext http) => http.Request.Headers.Authorization.ToString().StartsWith(Bearer, StringComparison.OrdinalIgnoreCase);

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!Applies(Context))
        {
            return AuthenticateResult.NoResult();
        }

        var visitor = await tokens.Visitor(Request.Headers.Authorization.ToString()[Bearer.Length..].Trim(), Context.RequestAborted);
        if (visitor is null)
        {
            return AuthenticateResult.Fail("The token is unknown, revoked or expired.");
        }

        Context.Welcome(visitor);
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, visitor.PersonId)], Name);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Name));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        Response.Headers.WWWAuthenticate = "Bearer error=\"invalid_token\"";
        return Task.CompletedTask;
    }
}
