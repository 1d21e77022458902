using Microsoft.Extensions.Primitives;

namespace MedicineMan.Host.Plugins.Routes;

/// Endpoints of the host, built once. When a plugin comes or goes, the framework asks every source anew, and most of them would build all
/// their endpoints again for it.
internal sealed class KeptEndpoints(EndpointDataSource source) : EndpointDataSource
{
    private readonly Lock gate = new();
    private IReadOnlyList<Endpoint>? kept;
    private IChangeToken? valid;

    public override IReadOnlyList<Endpoint> Endpoints
    {
        get
        {
            lock (gate)
            {
                if (kept is null || valid is not { HasChanged: false })
                {
                    valid = source.GetChangeToken();
                    kept = source.Endpoints;
                }

                return kept;
            }
        }
    }

    public override IChangeToken GetChangeToken() => source.GetChangeToken();
}
