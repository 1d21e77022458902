using Microsoft.AspNetCore.Authorization;

namespace MedicineMan.Host.Access;

/// The four policies, one for each role. An endpoint that names none gets the fallback: a viewer may look, only an operator may
/// change anything. So nothing is open by accident.
internal static class Policies
{
    public const string Viewer = "viewer";
    public const string Operator = "operator";
    public const string Admin = "admin";
    public const string Owner = "owner";

    public static void Configure(AuthorizationOptions options)
    {
        foreach (var role in Enum.GetValues<Role>())
        {
            options.AddPolicy(role.Text(), policy => policy.AddRequirements(new RoleRequirement(role, role)));
        }

        options.FallbackPolicy = new AuthorizationPolicyBuilder().AddRequirements(new RoleRequirement(Role.Viewer, Role.Operator)).Build();
        options.DefaultPolicy = options.FallbackPolicy;
    }
}

/// The role a request needs: one to look, one to change.
internal sealed record RoleRequirement(Role Looking, Role Changing) : IAuthorizationRequirement
{
    public Role For(HttpRequest request) => HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) ? Looking : Changing;
}

internal sealed class RoleRequirementHandler : AuthorizationHandler<RoleRequirement>
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, RoleRequirement requirement)
    {
        if (context.Resource is HttpContext http && http.VisitorOrNone() is { } visitor && visitor.May(requirement.For(http.Request)))
        {
            context.Succeed(requirement);
        }

        return Task.CompletedTask;
    }
}
