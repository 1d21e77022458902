using System.Security.Claims;
using MedicineMan.Host.Access;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace MedicineMan.Host.People;

/// The cookie of a signed-in browser. It holds nothing but the number of a session; who that is and what they may do is read from the database.
internal static class SignInCookie
{
    public const string Scheme = "cookie";
    private const string SessionClaim = "sid";

    public static void Configure(CookieAuthenticationOptions options)
    {
        options.CookieManager = new HostPrefixCookies();
        options.Cookie.Name = "medicineman";
        options.Cookie.HttpOnly = true;
        options.Cookie.SameSite = SameSiteMode.Lax;
        options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        options.Cookie.Path = "/";
        options.ExpireTimeSpan = SessionStore.Lifetime;
        options.SlidingExpiration = false;
        options.LoginPath = "/sign-in";
        options.ReturnUrlParameter = "to";
        options.Events.OnValidatePrincipal = Validate;
        options.Events.OnRedirectToLogin = AskToSignIn;
    }

    public static Task SignIn(HttpContext http, string session)
    {
        var identity = new ClaimsIdentity([new Claim(SessionClaim, session)], Scheme);
        return http.SignInAsync(Scheme, new ClaimsPrincipal(identity), new AuthenticationProperties { IsPersistent = true });
    }

    private static async Task Validate(CookieValidatePrincipalContext context)
    {
        var sessions = context.HttpContext.RequestServices.GetRequiredService<SessionStore>();
        var session = context.Principal?.FindFirstValue(SessionClaim);
        if (session is not null && await sessions.Visitor(session, context.HttpContext.RequestAborted) is { } visitor)
        {
            context.HttpContext.Welcome(visitor);
            return;
        }

        context.RejectPrincipal();
        await context.HttpContext.SignOutAsync(Scheme);
    }

    private static Task AskToSignIn(RedirectContext<CookieAuthenticationOptions> context)
    {
        var (request, response) = (context.Request, context.Response);
        if (request.Path.StartsWithSegments("/api"))
        {
            response.StatusCode = StatusCodes.Status401Unauthorized;
            response.Headers.WWWAuthenticate = "Bearer";
        }
        else if (request.Headers.ContainsKey("HX-Request"))
        {
            response.StatusCode = StatusCodes.Status401Unauthorized;
            response.Headers["HX-Redirect"] = "/sign-in";
        }
        else
        {
            response.Redirect(context.RedirectUri);
        }

        return Task.CompletedTask;
    }
}

/// Over HTTPS the name carries the <c>__Host-</c> prefix, which browsers accept only from the host itself; plain HTTP cannot have it.
internal sealed class HostPrefixCookies : ICookieManager
{
    private readonly ChunkingCookieManager inner = new();

    public string? GetRequestCookie(HttpContext context, string key) => inner.GetRequestCookie(context, Name(context, key));

    public void AppendResponseCookie(HttpContext context, string key, string? value, CookieOptions options) =>
        inner.AppendResponseCookie(context, Name(context, key), value, options);

    public void DeleteCookie(HttpContext context, string key, CookieOptions options) => inner.DeleteCookie(context, Name(context, key), options);

    private static string Name(HttpContext context, string key) => context.Request.IsHttps ? "__Host-" + key : key;
}
