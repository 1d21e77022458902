using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Host.Plugins.Manifests;
using Microsoft.Extensions.Options;

namespace MedicineMan.Host.Plugins.Routes;

/// Maps a plugin's routes below /plugins/{id} out of its own container, checks each against the manifest and puts the guard before it.
internal sealed class PluginRoutes(PluginEndpoints endpoints, IOptions<PluginOptions> options, TimeProvider clock)
{
    public IReadOnlyList<Endpoint> Map(LoadedPlugin plugin)
    {
        var builder = new PrivateRoutes(plugin.Services);
        var prefix = $"/plugins/{plugin.Manifest.Id}";
        var group = builder.MapGroup(prefix);
        foreach (var map in plugin.Contributions.Routes)
        {
            map(group);
        }

        Endpoint[] mapped = [.. builder.DataSources.SelectMany(source => source.Endpoints)];
        PluginProblem[] problems = [.. mapped.SelectMany(endpoint => Undeclared(plugin.Manifest, endpoint, prefix))];
        return problems.Length == 0
            ? [.. mapped.Cast<RouteEndpoint>().Select(endpoint => Guarded(plugin, endpoint, prefix))]
            : throw new PluginRefusedException(problems);
    }

    private RouteEndpoint Guarded(LoadedPlugin plugin, RouteEndpoint endpoint, string prefix)
    {
        var guard = new RouteGuard(plugin, endpoint.RequestDelegate!, endpoints, options.Value, clock);
        var declarations = plugin.Manifest.Routes.Where(route => Methods(endpoint).Contains(route.Method) && route.Path == PathOf(endpoint, prefix))
            .Select(route => route with { Permission = plugin.Manifest.RoleOf(route.Permission) });
        return guard.Endpoint = new RouteEndpoint(guard.Invoke, endpoint.RoutePattern, endpoint.Order,
            RoutePolicy.Apply(endpoint.Metadata, declarations, options.Value.Policies), endpoint.DisplayName);
    }

    private static IEnumerable<PluginProblem> Undeclared(PluginManifest manifest, Endpoint endpoint, string prefix)
    {
        var path = PathOf(endpoint, prefix);
        if (path is null || Methods(endpoint).Count == 0)
        {
            yield return new PluginProblem("MM1018", $"{manifest.Name} maps {endpoint.DisplayName ?? "a route"} outside its place or without a method.",
                "A route answers to named methods below the plugin's own address.", "Map it with MapGet, MapPost and the like on the builder it was given.");
            yield break;
        }

        foreach (var method in Methods(endpoint).Where(method => !manifest.Routes.Any(route => route.Method == method && route.Path == path)))
        {
            yield return new PluginProblem("MM1014", $"{manifest.Name} registers the route \"{method} {path}\", which its manifest does not name.",
                "A person approves what the manifest names, and nothing beyond it.", "Name it once under contributes in plugin.json.");
        }
    }

    private static string? PathOf(Endpoint endpoint, string prefix) =>
        (endpoint as RouteEndpoint)?.RoutePattern.RawText is { } text && text.StartsWith(prefix + "/", StringComparison.Ordinal) ? text[prefix.Length..] : null;

    private static IReadOnlyList<string> Methods(Endpoint endpoint) => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [];

    private sealed class PrivateRoutes(IServiceProvider services) : IEndpointRouteBuilder
    {
        public IServiceProvider ServiceProvider => services;

        public ICollection<EndpointDataSource> DataSources { get; } = [];

        public IApplicationBuilder CreateApplicationBuilder() => new ApplicationBuilder(services);
    }
}
