using System.Globalization;

namespace MedicineMan.Sdk.Testing.Hosting;

/// Lets only those requests through that the manifest's scope of "net" names: "api.example.com", "*.example.com", "127.0.0.1:8080".
internal sealed class NetGate(Grant grant) : DelegatingHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var address = request.RequestUri ?? throw new InvalidOperationException("The request has no address.");
        var scope = grant.Need("net");
        return scope.Any(entry => Fits(entry, address))
            ? base.SendAsync(request, cancellationToken)
            : throw grant.Refuse("net", $"plugin.json does not name {address.Authority} in its scope.");
    }

    private static bool Fits(string entry, Uri address)
    {
        var colon = entry.LastIndexOf(':');
        var port = colon > 0 && int.TryParse(entry[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : (int?)null;
        var host = port is null ? entry : entry[..colon];
        var fits = host.StartsWith("*.", StringComparison.Ordinal)
            ? address.Host.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot && address.Host[dot..].Equals(host[1..], StringComparison.OrdinalIgnoreCase)
            : address.Host.Equals(host, StringComparison.OrdinalIgnoreCase);
        return fits && (port is { } named ? address.Port == named : address.IsDefaultPort);
    }
}
