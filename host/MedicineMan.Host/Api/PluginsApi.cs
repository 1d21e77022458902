using MedicineMan.Host.Access;
using MedicineMan.Host.Api.Contract;
using MedicineMan.Host.Plugins;
using Microsoft.AspNetCore.Http.HttpResults;

namespace MedicineMan.Host.Api;

internal static class PluginsApi
{
    public static void Map(RouteGroupBuilder plugins) =>
        plugins.MapGet("", List).RequireAuthorization(Policies.Viewer).WithName("listPlugins").WithSummary("Plugins with their state; there are few, so they come on one page");

    private static Ok<ListOf<PluginAnswer>> List(PluginCatalogue catalogue) =>
        TypedResults.Ok(new ListOf<PluginAnswer>([.. catalogue.List().Select(PluginAnswer.Of)], null));
}

/// <param name="State"><c>started</c> is the one in use.</param>
/// <param name="Reason">Why it is not running; empty when it is.</param>
internal sealed record PluginAnswer(
    string Id, string Name, string Version, string Summary, string Publisher, PluginState State, string Code, string Reason, IReadOnlyList<string> Contributions, int Faults)
{
    public static PluginAnswer Of(PluginStatus status) =>
        new(status.Id, status.Name, status.Version, status.Summary, status.Publisher, status.State, status.Code, status.Reason, status.Contributions, status.Faults);
}
