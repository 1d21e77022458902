using System.Net;
using System.Net.Sockets;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Setup;

/// Looks whether the addresses are free before anything else is touched: the web server itself starts last, when jobs already run.
internal static class ListenAddress
{
    public static void EnsureFree(string urls)
    {
        foreach (var url in urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var address = BindingAddress.Parse(url);
            if (address.Port == 0)
            {
                continue;
            }

            try
            {
                var ip = IPAddress.TryParse(address.Host.Trim('[', ']'), out var one) ? one : address.Host == "localhost" ? IPAddress.Loopback : IPAddress.Any;
                using var socket = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(ip, address.Port));
                socket.Listen(1);
            }
            catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                throw Taken(url, taken);
            }
            catch (SocketException refused)
            {
                throw new UserFacingException($"Cannot listen on {url}: {refused.Message.TrimEnd('.')}. Choose another address with --urls.", refused);
            }
        }
    }

    public static UserFacingException Taken(string url, Exception taken) =>
        new($"Cannot listen on {url}: the port is taken. Stop the program that has it, or choose another with --urls.", taken);
}
