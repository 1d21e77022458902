using System.Net;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Plugins.Capabilities.Net;

/// The HTTP client of one version of a plugin. It lives as long as that version and keeps its own connections, which go nowhere but to the hosts of
/// the scope of "net". A redirect is the plugin's to follow, by a request that is checked as any other.
internal sealed class LentHttp : HttpClient
{
    private const int LargestAnswer = 16 * 1024 * 1024;

    private LentHttp(HttpMessageHandler handler)
        : base(handler, disposeHandler: true) => MaxResponseContentBufferSize = LargestAnswer;

    public static LentHttp For(Grant grant) => new(new Filter(grant)
    {
        InnerHandler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            // A proxy would look the names up itself, out of reach of the check of the addresses.
            UseProxy = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            ConnectTimeout = TimeSpan.FromSeconds(15),
            ConnectCallback = async (connecting, cancel) => await Connect(grant, connecting.DnsEndPoint, cancel),
        },
    });

    private static async ValueTask<Stream> Connect(Grant grant, DnsEndPoint place, CancellationToken cancel)
    {
        var scope = new NetScope(await grant.Need("net", $"call {place.Host}"));
        var found = await Dns.GetHostAddressesAsync(place.Host, cancel);
        IPAddress[] allowed = [.. found.Where(address => scope.Allows(place.Host, address))];
        if (found.Length > 0 && allowed.Length == 0)
        {
            throw await grant.Refuse("net", $"{place.Host} leads to {found[0]}, which is no public address and is not named itself.");
        }

        return await Addresses.Connect(allowed, place.Port, cancel);
    }

    private sealed class Filter(Grant grant) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var address = request.RequestUri!;
            var scope = new NetScope(await grant.Need("net", $"call {address.Host}"));
            if (!scope.Allows(address) || (request.Headers.Host is { } host && !scope.Allows(new Uri($"{address.Scheme}://{host}"))))
            {
                throw await grant.Refuse("net", $"{grant.Name} may not call {request.Headers.Host ?? address.Authority}; its manifest must name that host.");
            }

            // HTTP/3 would go past the callback that checks addresses.
            request.Version = request.Version.Major > 2 ? HttpVersion.Version20 : request.Version;
            request.VersionPolicy = request.VersionPolicy == HttpVersionPolicy.RequestVersionOrHigher ? HttpVersionPolicy.RequestVersionOrLower : request.VersionPolicy;
            try
            {
                return await base.SendAsync(request, cancellationToken);
            }
            catch (HttpRequestException failed) when (failed.InnerException is UserFacingException refused)
            {
                throw refused;
            }
        }

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw new NotSupportedException("Call it asynchronously: nothing here waits on a thread.");
    }
}
