using System.Globalization;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli.Repository.Sftp;

/// <summary>
/// A repository's address on an SFTP server, in both of restic's forms: <c>sftp://user@host:port//folder</c>, where the second slash says that the folder
/// is absolute, and <c>sftp:user@host:/folder</c>.
/// </summary>
internal sealed record SftpPlace(string User, string Host, int Port, string Path)
{
    private const string Scheme = "sftp:";
    private const string Example = "Write it as sftp://user@host:port//srv/backups, or sftp:user@host:/srv/backups.";

    public static bool IsOne(string place) => place.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);

    /// <exception cref="UserFacingException">It is no such address.</exception>
    public static SftpPlace Parse(string place)
    {
        var rest = place[Scheme.Length..];
        var isUrl = rest.StartsWith("//", StringComparison.Ordinal);
        rest = isUrl ? rest[2..] : rest;
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var (authority, path) = slash < 0 ? (rest, "") : (rest[..slash], isUrl ? rest[(slash + 1)..] : rest[slash..]);
        var at = authority.LastIndexOf('@');
        var (user, host) = (at < 0 ? Environment.UserName : authority[..at], authority[(at + 1)..]);
        if (user.Contains(':', StringComparison.Ordinal))
        {
            // The address is not repeated: it holds the password.
            throw new UserFacingException("A password does not belong into a repository's address, where every program on this machine can see it. Name a file that holds it with --sftp-password-file.");
        }

        if (!path.StartsWith('/') || (!isUrl && !host.EndsWith(':')))
        {
            throw new UserFacingException($"{place} names no absolute folder on the server. {Example}");
        }

        var port = 22;
        (host, var given) = Split(isUrl ? host : host[..^1]);
        return user.Length > 0 && host.Length > 0 && (given.Length == 0 || (isUrl && int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and < 65536))
            ? new SftpPlace(user, host, port, path)
            : throw new UserFacingException($"{place} is no address of a folder on an SFTP server. {Example}");
    }

    /// An IPv6 address stands in brackets, because of its colons.
    private static (string Host, string Port) Split(string host)
    {
        var end = host.StartsWith('[') ? host.IndexOf(']', StringComparison.Ordinal) : -1;
        var colon = host.IndexOf(':', Math.Max(0, end));
        var port = colon < 0 ? "" : host[(colon + 1)..];
        var name = colon < 0 ? host : host[..colon];
        return (end > 0 ? name[1..end] : name, port);
    }
}
