using Microsoft.AspNetCore.Authorization;

namespace MedicineMan.Host.Access;

/// A policy for each role, and one for what concerns the whole installation. An endpoint that names none gets the fallback: a viewer may look, only an operator may
/// change anything. So nothing is open by accident.
internal static class Policies
{
    public const string Viewer = "viewer";
    public const string Operator = "operator";
    public const string Admin = "admin";
    public const string Owner = "owner";

    /// What concerns the whole installation, such as plugins: an administrator of its first organisation.
    public const string Installation = "installation";

    public static void Configure(AuthorizationOptions options)
    {
        foreach (var role in Enum.GetValues<Role>())
        {
            options.AddPolicy(role.Text(), policy => policy.AddRequirements(new RoleRequirement(role, role)));
        }

        options.AddPolicy(Installation, policy => policy.AddRequirements(new RoleRequirement(Role.Admin, Role.Admin), new InstallationRequirement()));
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

/// Being a member of the organisation that the installation belongs to.
internal sealed record InstallationRequirement : IAuthorizationRequirement;

internal sealed class InstallationRequirementHandler : AuthorizationHandler<InstallationRequirement>
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, InstallationRequirement requirement)
    {
        if (context.Resource is HttpContext http && http.VisitorOrNone() is { IsOfTheHouse: true })
        {
            context.Succeed(requirement);
        }

        return Task.CompletedTask;
    }
}
