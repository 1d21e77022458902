using Microsoft.Extensions.Primitives;

namespace MedicineMan.Host.Plugins.Routes;

/// The endpoints of all plugins. Replacing a plugin's list is one step: a request is routed to the old version or to the new one, never to
/// neither.
internal sealed class PluginEndpoints : EndpointDataSource, IDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, IReadOnlyList<Endpoint>> byPlugin = new(StringComparer.Ordinal);
    private IReadOnlyList<Endpoint> all = [];
    private CancellationTokenSource change = new();
    private IChangeToken token;

    public PluginEndpoints() => token = new CancellationChangeToken(change.Token);

    public override IReadOnlyList<Endpoint> Endpoints => Volatile.Read(ref all);

    public override IChangeToken GetChangeToken()
    {
        lock (gate)
        {
            return token;
        }
    }

    /// Sets the endpoints of some plugins at once; an empty list removes a plugin's. Routing is rebuilt once for each call.
    public void Set(params IEnumerable<(string Plugin, IReadOnlyList<Endpoint> Endpoints)> changes)
    {
        CancellationTokenSource old;
        lock (gate)
        {
            foreach (var (plugin, endpoints) in changes)
            {
                byPlugin[plugin] = endpoints;
            }

            all = [.. byPlugin.Values.SelectMany(one => one)];
            old = change;
            change = new CancellationTokenSource();
            token = new CancellationChangeToken(change.Token);
        }

        // Outside the lock: routing answers by rebuilding its matcher, which reads the list again.
        old.Cancel();
        old.Dispose();
    }

    /// The endpoint that took the place of a retired one under the same route and the same policies.
    public RouteEndpoint? SuccessorOf(string plugin, RouteEndpoint retired)
    {
        IReadOnlyList<Endpoint> current;
        lock (gate)
        {
            current = byPlugin.GetValueOrDefault(plugin, []);
        }

        return current.OfType<RouteEndpoint>().FirstOrDefault(endpoint =>
            !ReferenceEquals(endpoint, retired)
            && endpoint.RoutePattern.RawText == retired.RoutePattern.RawText
            && Methods(endpoint).SequenceEqual(Methods(retired))
            && RoutePolicy.Of(endpoint).SequenceEqual(RoutePolicy.Of(retired)));
    }

    public void Dispose() => change.Dispose();

    private static IReadOnlyList<string> Methods(Endpoint endpoint) => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [];
}
