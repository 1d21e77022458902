using System.Security.Cryptography;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Servers.Ssh;

/// A server's public key in full, as a line of known_hosts holds it: what is pinned. The fingerprint is for people to compare.
internal sealed record HostKey(string Text)
{
    public HostKey(string algorithm, byte[] key)
        : this($"{algorithm} {Convert.ToBase64String(key)}")
    {
    }

    public string Algorithm => Text.Split(' ')[0];

    /// <c>SHA256:…</c>, as ssh and ssh-keygen print it.
    public string Fingerprint => "SHA256:" + Convert.ToBase64String(SHA256.HashData(Convert.FromBase64String(Text.Split(' ')[1]))).TrimEnd('=');
}

/// The server showed a key that nobody has looked at yet. A page shows the fingerprint; a person compares and pins it.
internal sealed class UnknownHostKeyException(string server, HostKey key)
    : UserFacingException($"{server} showed the host key {key.Fingerprint} ({key.Algorithm}), which nobody has confirmed yet. Compare it with the server's own and confirm it.")
{
    public HostKey Key { get; } = key;
}

/// The server showed another key than the pinned one: it was reinstalled, or somebody is in between. Nothing was sent to it.
internal sealed class ChangedHostKeyException(string server, HostKey pinned, HostKey offered)
    : UserFacingException(
        $"{server} showed the host key {offered.Fingerprint}, but {pinned.Fingerprint} is pinned. Nothing was sent. If the server was reinstalled, approve the new key with a reason; " +
        "otherwise somebody may be in between.")
{
    public HostKey Pinned { get; } = pinned;

    public HostKey Offered { get; } = offered;
}

/// User name, password or key were not accepted. Not tried again until the credential changes or a person asks for it.
internal sealed class SshSignInRefusedException(string message, Exception? inner = null) : UserFacingException(message, inner);
