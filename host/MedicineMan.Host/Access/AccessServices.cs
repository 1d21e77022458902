using System.Threading.RateLimiting;
using MedicineMan.Host.People;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;

namespace MedicineMan.Host.Access;

internal static class AccessServices
{
    /// For pages that take a password or a token: <c>[EnableRateLimiting(AccessServices.Guesses)]</c>.
    public const string Guesses = "guesses";

    private const string Either = "either";

    public static void AddAccess(this IServiceCollection services)
    {
        services.AddAuthentication(Either)
            .AddPolicyScheme(Either, null, options => options.ForwardDefaultSelector = static http => ApiTokenScheme.Applies(http) ? ApiTokenScheme.Name : SignInCookie.Scheme)
            .AddCookie(SignInCookie.Scheme, SignInCookie.Configure)
            .AddScheme<AuthenticationSchemeOptions, ApiTokenScheme>(ApiTokenScheme.Name, null);
        services.AddAuthorization(Policies.Configure);
        services.AddSingleton<IAuthorizationHandler, RoleRequirementHandler>().AddSingleton<IAuthorizationHandler, InstallationRequirementHandler>();
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, Denial>();
        services.AddSingleton<ApiTokenStore>();
        services.AddRateLimiter(options =>
        {
            options.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            options.AddPolicy(Guesses, static http => HttpMethods.IsPost(http.Request.Method)
                ? RateLimitPartition.GetSlidingWindowLimiter(
                    http.Connection.RemoteIpAddress?.ToString() ?? "",
                    static _ => new SlidingWindowRateLimiterOptions { PermitLimit = 20, Window = TimeSpan.FromMinutes(1), SegmentsPerWindow = 6 })
                : RateLimitPartition.GetNoLimiter("looking"));
        });
    }
}
