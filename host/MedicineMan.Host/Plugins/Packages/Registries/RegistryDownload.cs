using System.Globalization;
using System.Net;
using MedicineMan.Host.Plugins.Capabilities.Net;
using MedicineMan.Host.Plugins.Manifests;

namespace MedicineMan.Host.Plugins.Packages.Registries;

/// Fetches registries and packages, and not a byte more than they may have.
internal sealed class RegistryDownload(IHttpClientFactory clients)
{
    public const string Client = "plugin-registry";

    private const long LargestRegistry = 4L << 20;

    /// The host an administrator entered, by which a request may reach a private address.
    private static readonly HttpRequestOptionsKey<string> Entered = new("medicineman.entered");

    /// <exception cref="PluginRefusedException">It cannot be read, or is too large.</exception>
    public async Task<byte[]> Registry(Uri place, CancellationToken cancel)
    {
        using var memory = new MemoryStream();
        await Copy(place, place, memory, LargestRegistry, cancel);
        return memory.ToArray();
    }

    /// <param name="registry">Where the registry lies that names the package.</param>
    public async Task Package(Uri place, Uri registry, string file, long size, CancellationToken cancel)
    {
        await using var to = new FileStream(file, FileMode.CreateNew);
        await Copy(place, registry, to, size, cancel);
    }

    /// A registry and what it points to could have the host call into its own network. So private addresses are refused, after their names were
    /// looked up and at every redirect; but for the one that an administrator entered as an address or as localhost, which is meant.
    public static SocketsHttpHandler Guarded() => new SocketsHttpHandler
    {
        UseCookies = false,
        // A proxy would look the names up itself, out of reach of the check.
        UseProxy = false,
        // A connection that one registry may use must not serve another.
        PooledConnectionLifetime = TimeSpan.Zero,
        ConnectTimeout = TimeSpan.FromSeconds(15),
        ConnectCallback = static async (connecting, cancel) =>
        {
            var (place, entered) = (connecting.DnsEndPoint, connecting.InitialRequestMessage.Options.TryGetValue(Entered, out var host) ? host : "");
            var meant = string.Equals(place.Host, entered, StringComparison.OrdinalIgnoreCase) && (place.Host == "localhost" || IPAddress.TryParse(place.Host, out _));
            var found = await Dns.GetHostAddressesAsync(place.Host, cancel);
            IPAddress[] allowed = [.. found.Where(address => meant || !Addresses.IsPrivate(address))];
            return allowed.Length > 0
                ? await Addresses.Connect(allowed, place.Port, cancel)
                : throw new HttpRequestException($"{place.Host} leads to {found.FirstOrDefault()?.ToString() ?? "nothing"}, which is no public address. A registry in your own network is added by its address instead of its name, and has its packages there.");
        },
    };

    private async Task Copy(Uri place, Uri registry, Stream to, long limit, CancellationToken cancel)
    {
        try
        {
            if (place.IsFile)
            {
                await using var file = File.OpenRead(place.LocalPath);
                await Copy(file, to, limit, place, cancel);
                return;
            }

            using var client = clients.CreateClient(Client);
            using var request = new HttpRequestMessage(HttpMethod.Get, place) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
            request.Options.Set(Entered, registry.IdnHost);
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            answer.EnsureSuccessStatusCode();
            await using var body = await answer.Content.ReadAsStreamAsync(cancel);
            await Copy(body, to, limit, place, cancel);
        }
        catch (Exception failed) when (failed is HttpRequestException or IOException or UnauthorizedAccessException || (failed is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            throw Refused(place, failed.Message);
        }
    }

    private static async Task Copy(Stream from, Stream to, long limit, Uri place, CancellationToken cancel)
    {
        var (buffer, copied) = (new byte[81920], 0L);
        for (int read; (read = await from.ReadAsync(buffer, cancel)) > 0;)
        {
            copied += read;
            if (copied > limit)
            {
                throw Refused(place, string.Create(CultureInfo.InvariantCulture, $"it has more than {limit} bytes."));
            }

            await to.WriteAsync(buffer.AsMemory(0, read), cancel);
        }
    }

    private static PluginRefusedException Refused(Uri place, string why) => new(new PluginProblem(
        "MM1050", $"{(place.IsFile ? place.LocalPath : place)} can't be fetched: {why}", "What was known before goes on being used.", "Check the address and try again."));
}
