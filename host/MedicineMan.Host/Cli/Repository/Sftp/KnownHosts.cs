using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace MedicineMan.Host.Cli.Repository.Sftp;

/// <summary>What <c>known_hosts</c> says about a server (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT), as fingerprints.</summary>
/// <param name="Trusted">Of keys it may show.</param>
/// <param name="Revoked">Of keys that nobody may show.</param>
internal sealed record KnownHosts(IReadOnlySet<string> Trusted, IReadOnlySet<string> Revoked)
{
    /// <param name="lines">Of the file. What is not understood is skipped, as ssh does.</param>
    public static KnownHosts Read(IEnumerable<string> lines, string host, int port)
    {
        // As ssh: a server on another port is another server.
        var name = port == 22 ? host.ToLowerInvariant() : $"[{host.ToLowerInvariant()}]:{port}";
        var (trusted, revoked) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        foreach (var line in lines)
        {
            var fields = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            var marker = fields is [['@', ..] first, ..] ? first : "";
            if (fields[(marker.Length > 0 ? 1 : 0)..] is [var patterns, _, var key, ..] && !line.StartsWith('#') && Fingerprint(key) is { } fingerprint && Matches(patterns, name))
            {
                // A certificate authority signs keys; it is none that a server shows.
                _ = marker switch { "" => trusted.Add(fingerprint), "@revoked" => revoked.Add(fingerprint), _ => false };
            }
        }

        trusted.ExceptWith(revoked);
        return new KnownHosts(trusted, revoked);
    }

    private static bool Matches(string patterns, string name)
    {
        if (patterns.StartsWith("|1|", StringComparison.Ordinal))
        {
            return MatchesHash(patterns.Split('|'), name);
        }

        var all = patterns.Split(',');
        return !all.Any(pattern => pattern.StartsWith('!') && Matches(pattern.AsSpan(1), name)) && all.Any(pattern => !pattern.StartsWith('!') && Matches(pattern.AsSpan(), name));
    }

    private static bool Matches(ReadOnlySpan<char> pattern, string name) =>
        Regex.IsMatch(name, "^" + Regex.Escape(pattern.ToString().ToLowerInvariant()).Replace(@"\*", ".*", StringComparison.Ordinal).Replace(@"\?", ".", StringComparison.Ordinal) + "$", RegexOptions.NonBacktracking);

    // SHA-1 is the format's; it hides names from who reads the file, and proves nothing.
    private static bool MatchesHash(string[] parts, string name) =>
        parts is ["", "1", var salt, var hash] && Bytes(salt) is { } key && Bytes(hash) is { } expected && CryptographicOperations.HmacData(HashAlgorithmName.SHA1, key, Encoding.UTF8.GetBytes(name)).AsSpan().SequenceEqual(expected);

    private static string? Fingerprint(string key) => Bytes(key) is { Length: > 0 } bytes ? "SHA256:" + Convert.ToBase64String(SHA256.HashData(bytes)).TrimEnd('=') : null;

    private static byte[]? Bytes(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) ? bytes[..length] : null;
    }
}
