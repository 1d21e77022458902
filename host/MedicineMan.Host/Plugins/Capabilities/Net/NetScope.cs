using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace MedicineMan.Host.Plugins.Capabilities.Net;

/// The hosts a plugin may call: "api.example.com", "api.example.com:8443", "*.example.com" for one label in its place, "127.0.0.1:8080", "[::1]:8080".
/// Without a port only the scheme's own is meant.
internal sealed partial class NetScope(IEnumerable<string> entries)
{
    private readonly List<(string Host, int? Port)> allowed = [.. entries.Where(IsValid).Select(Parse)];

    public static bool IsValid(string entry) => Entry().IsMatch(entry);

    public bool Allows(Uri address) =>
        address.Scheme is "http" or "https"
        && allowed.Exists(one => Matches(one.Host, address.IdnHost.TrimEnd('.').ToLowerInvariant()) && (one.Port is { } port ? address.Port == port : address.IsDefaultPort));

    /// Whether a connection may go to an address that a host's name led to. A name can lead anywhere, also into the operator's own network, so
    /// what is not public must itself be named.
    public bool Allows(string host, IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return !Addresses.IsPrivate(plain)
            || allowed.Exists(one => IPAddress.TryParse(one.Host, out var named) && named.Equals(plain))
            || (IPAddress.IsLoopback(plain) && host.Equals("localhost", StringComparison.OrdinalIgnoreCase) && allowed.Exists(one => one.Host == "localhost"));
    }

    private static bool Matches(string pattern, string host) =>
        pattern.StartsWith("*.", StringComparison.Ordinal)
            ? host.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot && host[dot..] == pattern[1..]
            : host == pattern;

    private static (string Host, int? Port) Parse(string entry)
    {
        var match = Entry().Match(entry.ToLowerInvariant());
        return (match.Groups["host"].Value.Trim('[', ']'), match.Groups["port"] is { Success: true } port ? int.Parse(port.Value, CultureInfo.InvariantCulture) : null);
    }

    [GeneratedRegex(@"^(?<host>(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:.]+\])(:(?<port>[1-9][0-9]{0,4}))?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Entry();
}
