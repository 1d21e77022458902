using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace MedicineMan.Host.Servers;

/// What people paste when asked for a server: user@host, host:port, [::1]:2222, ssh://user@host:port, or a whole ssh command.
internal sealed partial record SshAddress(string? UserName, string Host, int Port)
{
    /// Null when it cannot be understood.
    public static SshAddress? Parse(string text)
    {
        text = text.Trim();
        return text.StartsWith("ssh ", StringComparison.Ordinal) ? FromCommand(text[4..]) : FromPlace(text, null, null);
    }

    public static bool IsHost(string text) =>
        text.Length <= 253 && (HostName().IsMatch(text) || (text.Contains(':', StringComparison.Ordinal) && IPAddress.TryParse(text, out _)));

    private static SshAddress? FromCommand(string rest)
    {
        string? user = null, place = null;
        int? port = null;
        var words = new Queue<string>(rest.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        while (words.TryDequeue(out var word))
        {
            if (word is ['-', var option, ..])
            {
                var takesValue = "BbcDEeFIiJLlmOoPpRSWw".Contains(option, StringComparison.Ordinal);
                var value = !takesValue ? "" : word.Length > 2 ? word[2..] : words.TryDequeue(out var next) ? next : null;
                if (value is null || (option == 'p' && (port = ReadPort(value)) is null))
                {
                    return null;
                }

                user = option == 'l' ? value : user;
            }
            else if (place is null)
            {
                place = word;
            }
            else
            {
                // What follows the host is the remote command.
                break;
            }
        }

        return place is null ? null : FromPlace(place, user, port);
    }

    private static SshAddress? FromPlace(string place, string? user, int? port)
    {
        if (place.StartsWith("ssh://", StringComparison.OrdinalIgnoreCase))
        {
            place = place[6..].TrimEnd('/');
        }

        // A user name may hold an @ (a directory's principal), a host may not.
        if (place.LastIndexOf('@') is >= 0 and var at)
        {
            user = place[..at];
            place = place[(at + 1)..];
        }

        var match = Place().Match(place);
        if (match.Success)
        {
            place = match.Groups["host"].Value.Trim('[', ']');
            if (match.Groups["port"].Success && (port = ReadPort(match.Groups["port"].Value)) is null)
            {
                return null;
            }
        }

        return user is "" || !IsHost(place) ? null : new SshAddress(user, place, port ?? 22);
    }

    private static int? ReadPort(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535 ? port : null;

    // Two colons without brackets are an IPv6 address, not a port.
    [GeneratedRegex(@"\A(?<host>\[[^\]]+\]|[^:]+)(:(?<port>[^:]*))?\z")]
    private static partial Regex Place();

    [GeneratedRegex(@"\A[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?\z")]
    private static partial Regex HostName();
}
