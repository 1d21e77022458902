using System.Security.Cryptography;
using System.Text;

namespace MedicineMan.Host.Servers.Ssh;

/// Everything a connection needs.
/// <param name="Pinned">The key the server must show; null refuses with <see cref="UnknownHostKeyException"/>.</param>
internal sealed record SshTarget(string ServerId, string ServerName, string Address, int Port, string UserName, SshCredential Credential, HostKey? Pinned);

/// How to sign in. A class, not a record: a record would print the secret.
internal sealed class SshCredential
{
    private static readonly byte[] Salt = RandomNumberGenerator.GetBytes(32);

    private SshCredential(string? password, string? privateKey, string? passphrase)
    {
        (Password, PrivateKey, Passphrase) = (password, privateKey, passphrase);
        Stamp = Convert.ToHexStringLower(HMACSHA256.HashData(Salt, Encoding.UTF8.GetBytes($"{password}\0{privateKey}\0{passphrase}")));
    }

    public string? Password { get; }

    public string? PrivateKey { get; }

    public string? Passphrase { get; }

    /// Tells credentials apart within this process without holding them.
    public string Stamp { get; }

    public static SshCredential ByPassword(string password) => new(password, null, null);

    /// <param name="privateKey">
    /// OpenSSH or PEM text, as pasted.
    /// </param>
    public static SshCredential ByKey(string privateKey, string? passphrase = null) =>
        new(null, privateKey.Replace("\r", "", StringComparison.Ordinal).Trim() + "\n", string.IsNullOrEmpty(passphrase) ? null : passphrase);
}
