using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;

namespace MedicineMan.Host.Access;

/// Turns a refusal into an answer: a stranger is asked to sign in, a member learns which role is missing.
internal sealed class Denial : IAuthorizationMiddlewareResultHandler
{
    public async Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (authorizeResult.Succeeded)
        {
            await next(context);
        }
        else if (context.VisitorOrNone() is null)
        {
            await context.ChallengeAsync();
        }
        else
        {
            var needed = policy.Requirements.OfType<RoleRequirement>().Select(requirement => requirement.For(context.Request)).DefaultIfEmpty(Role.Owner).Max();
            context.Features.Set(new MissingRole(needed, policy.Requirements.OfType<InstallationRequirement>().Any()));
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
        }
    }
}

/// <param name="Installation">Whether it is needed in the first organisation.</param>
internal sealed record MissingRole(Role Role, bool Installation)
{
    public string Sentence => new PermissionMissingException(Role, Installation).Message;
}
