using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Access;

/// Who is asking, for which organisation, with which role. Known for every signed-in request, in the browser or by token,
/// and never older than a few seconds.
internal sealed record Visitor
{
    public required OrganizationId Organization { get; init; }

    public required string OrganizationName { get; init; }

    public required string PersonId { get; init; }

    public required string Name { get; init; }

    public required string Email { get; init; }

    public required Role Role { get; init; }

    /// The browser's session; null when an API token asks.
    public string? SessionId { get; init; }

    /// The API token; null in the browser.
    public string? TokenId { get; init; }

    public string? Address { get; init; }

    public Actor Actor => TokenId is null ? new Actor("person", PersonId, Name, Address) : new Actor("token", TokenId, Name, Address);

    /// Of the organisation that the installation belongs to.
    public bool IsOfTheHouse => Organization == OrganizationId.Default;

    /// May decide on what concerns the whole installation, such as plugins.
    public bool RunsInstallation => IsOfTheHouse && May(Role.Admin);

    public bool May(Role role) => Role >= role;

    /// For one handler of a page that needs more than the page itself.
    public void Demand(Role role)
    {
        if (!May(role))
        {
            throw new PermissionMissingException(role);
        }
    }
}

/// Shown as the 403 page, which names the role.
/// <param name="installation">Whether it is needed in the first organisation.</param>
internal sealed class PermissionMissingException(Role role, bool installation = false) : UserFacingException(installation
    ? $"This concerns the whole installation, so it needs the role {role.Text()} in its first organisation. Ask an administrator there."
    : $"This needs the role {role.Text()}. Ask an owner of the organisation for it.")
{
    public Role Role { get; } = role;
}

internal static class VisitorContext
{
    /// The signed-in visitor; only pages that let strangers in may find none, and ask <see cref="VisitorOrNone"/>.
    public static Visitor Visitor(this HttpContext http) =>
        http.VisitorOrNone() ?? throw new InvalidOperationException("Nobody is signed in, on an endpoint that asks who is.");

    public static Visitor? VisitorOrNone(this HttpContext http) => http.Features.Get<Visitor>();

    public static void Welcome(this HttpContext http, Visitor visitor) =>
        http.Features.Set(visitor with { Address = http.Connection.RemoteIpAddress?.ToString() });
}
