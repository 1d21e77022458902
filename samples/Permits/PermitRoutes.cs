using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MedicineMan.Samples.Permits;

/// Who may call which route stands in plugin.json, where a person reads it before approving the plugin; here is only what they do.
internal static class PermitRoutes
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/requests", async (Requests requests, CancellationToken cancel) => string.Join('\n', await requests.ListAsync(cancel)));
        routes.MapPost("/requests/{name}/grant", async (string name, Requests requests, CancellationToken cancel) =>
        {
            await requests.GrantAsync(name, cancel);
            return Results.NoContent();
        });
    }
}
