using MedicineMan.Host.Plugins.Manifests;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Cors.Infrastructure;

namespace MedicineMan.Host.Plugins.Routes;

/// Who may call a plugin's route: the host's word, from the permission in the manifest. What the plugin's own code says about sign-in,
/// anti-forgery, other origins or a name in the whole host is dropped.
internal static class RoutePolicy
{
    public static IEnumerable<string> Of(Endpoint endpoint) =>
        endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>().Select(authorize => authorize.Policy ?? "");

    public static EndpointMetadataCollection Apply(EndpointMetadataCollection metadata, IEnumerable<RouteDeclaration> declarations, IDictionary<string, string> policies) =>
        new([
            .. metadata.Where(one => one is not (IAllowAnonymous or IAuthorizeData or IAntiforgeryMetadata or ICorsMetadata or IEndpointNameMetadata)),
            // The host's own description of its API would keep the plugin's types.
            new ExcludeFromDescriptionAttribute(),
            .. declarations.Select(declaration => declaration.Permission).Distinct().Select(permission => new AuthorizeAttribute(Policy(permission, policies))),
        ]);

    private static string Policy(string permission, IDictionary<string, string> policies) =>
        policies.TryGetValue(permission, out var policy) ? policy : throw new InvalidOperationException($"The host has no policy for the permission {permission}.");
}
