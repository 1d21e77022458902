using System.Net;
using System.Net.Sockets;

namespace MedicineMan.Host.Plugins.Capabilities.Net;

/// Which addresses are no public ones, by the registries of special addresses of RFC 6890.
internal static class Addresses
{
    private static readonly IPNetwork[] Special =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15",
            "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
            "::/128", "::1/128", "100::/64", "2001::/23", "2001:db8::/32", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
            // These carry an IPv4 address inside, which a gateway may reach.
            "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16",
        }.Select(IPNetwork.Parse),
    ];

    public static bool IsPrivate(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.AddressFamily is not (AddressFamily.InterNetwork or AddressFamily.InterNetworkV6) || Array.Exists(Special, network => network.Contains(plain));
    }

    /// A connection to one of these addresses and to none else, whatever its name leads to by now.
    public static async Task<Stream> Connect(IPAddress[] checkedOnes, int port, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(checkedOnes, port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
