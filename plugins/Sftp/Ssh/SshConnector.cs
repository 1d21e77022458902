using System.Net.Sockets;
using System.Security.Cryptography;
using MedicineMan.Plugins.Sftp.Wire;
using MedicineMan.Sdk.Storage;
using Renci.SshNet;
using Renci.SshNet.Common;
using Renci.SshNet.Messages.Transport;

namespace MedicineMan.Plugins.Sftp.Ssh;

/// <summary>The one place that connects. SSH.NET trusts any host key unless told otherwise; here only a pinned one is, and nothing is sent to any other.</summary>
internal static class SshConnector
{
    private static readonly string[] Unfit = ["3des-cbc", "aes128-cbc", "aes192-cbc", "aes256-cbc"];

    public static async Task<SshClient> Connect(SftpSettings target, TimeSpan limit, CancellationToken cancel)
    {
        // A fingerprint does not tell which of a server's keys it is of, so the server is asked for one kind after the other.
        var shown = new List<ShownKey>();
        while (true)
        {
            var settings = Settings(target, limit, shown);
            if (settings.HostKeyAlgorithms.Count == 0)
            {
                throw Refused(target, shown);
            }

            if (await TryConnect(target, settings, limit, shown, cancel) is { } connected)
            {
                return connected;
            }

            if (target.Pins.Count == 0)
            {
                throw Refused(target, shown);
            }
        }
    }

    /// <returns>Null when the server showed a key that is not pinned; it is then among those shown.</returns>
    private static async Task<SshClient?> TryConnect(SftpSettings target, Renci.SshNet.ConnectionInfo settings, TimeSpan limit, List<ShownKey> shown, CancellationToken cancel)
    {
        var client = new SshClient(settings);
        var before = shown.Count;
        client.HostKeyReceived += (_, e) =>
        {
            var fingerprint = "SHA256:" + Convert.ToBase64String(SHA256.HashData(e.HostKey)).TrimEnd('=');
            e.CanTrust = target.Pins.Contains(fingerprint);
            if (!e.CanTrust)
            {
                shown.Add(new ShownKey(KeyType(e.HostKeyName), fingerprint));
            }
        };
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(limit);
        var connecting = Task.CompletedTask;
        try
        {
            // Signing in blocks inside the library, which does not look at the token there.
            connecting = Task.Run(() => client.ConnectAsync(late.Token), CancellationToken.None);
            await connecting.WaitAsync(late.Token);
            return client;
        }
        catch (Exception failed)
        {
            _ = connecting.ContinueWith(static done => done.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            _ = Task.Run(client.Dispose, CancellationToken.None);
            if (shown.Count > before)
            {
                return null;
            }

            cancel.ThrowIfCancellationRequested();
            throw shown.Count > 0 && failed is SshConnectionException { DisconnectReason: DisconnectReason.KeyExchangeFailed } ? Refused(target, shown) : Explain(target, failed);
        }
    }

    private static Renci.SshNet.ConnectionInfo Settings(SftpSettings target, TimeSpan limit, List<ShownKey> shown)
    {
        var settings = new Renci.SshNet.ConnectionInfo(target.Host, target.Port, target.User, target.Methods()) { Timeout = limit, RetryAttempts = 1 };
        foreach (var cipher in Unfit)
        {
            settings.Encryptions.Remove(cipher);
        }

        // Measured: half as fast again as the library's own first choice, aes128-ctr.
        settings.Encryptions.SetPosition("aes128-gcm@openssh.com", 0);
        // What is pinned is a key, not who signed it.
        foreach (var algorithm in settings.HostKeyAlgorithms.Keys.Where(name => name.Contains("-cert-", StringComparison.Ordinal) || shown.Exists(key => key.Type == KeyType(name))).ToList())
        {
            settings.HostKeyAlgorithms.Remove(algorithm);
        }

        return settings;
    }

    private static StorageException Refused(SftpSettings target, List<ShownKey> shown)
    {
        var keys = string.Join(" and ", shown.Select(key => $"{key.Fingerprint} ({key.Type})"));
        return target.Pins.Count == 0
            ? new StorageException(
                $"{target.Host} showed the host key {keys}, and none is pinned yet. Nothing was sent. Compare it with what ssh-keygen -lf /etc/ssh/ssh_host_{Short(shown[0].Type)}_key.pub prints on the "
                + "server itself; if it is the same, enter it as the host key (--sftp-host-key on the command line).") { Permanent = true }
            : new StorageException(
                $"{target.Host} showed the host key {keys}, but {string.Join(" and ", target.Pins)} is pinned. Nothing was sent. If the server was reinstalled, compare the new key with the server's own "
                + "and enter it as the host key; otherwise somebody may be in between.") { Permanent = true };
    }

    private static StorageException Explain(SftpSettings target, Exception failed) => failed switch
    {
        SshAuthenticationException => new StorageException(
            $"{target.Host} did not let {target.User} in with this {(target.UsesKey ? "key" : "password")}. Check the user and the {(target.UsesKey ? "key, which must be in authorized_keys there" : "password")}.",
            failed) { Permanent = true },
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } => Transient($"The name {target.Host} is not known to this machine's DNS. Check the host.", failed),
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => Transient($"{target.Host} refused the connection to port {target.Port}. Check the port, and that its SSH server runs.", failed),
        SocketException or SshOperationTimeoutException or OperationCanceledException => Transient(
            $"{target.Host} did not answer at port {target.Port}. Check that it is up and that no firewall is in between.", failed),
        _ => Transient($"{target.Host} could not be reached over SSH: {Plain.Text(failed.Message)}.", failed),
    };

    private static StorageException Transient(string message, Exception failed) => new(message, failed) { Transient = true };

    // The signature algorithms of RSA keys all name the same key.
    private static string KeyType(string algorithm) => algorithm is "rsa-sha2-256" or "rsa-sha2-512" ? "ssh-rsa" : algorithm;

    private static string Short(string type) => type.Contains("rsa", StringComparison.Ordinal) ? "rsa" : type.StartsWith("ecdsa", StringComparison.Ordinal) ? "ecdsa" : "ed25519";

    private readonly record struct ShownKey(string Type, string Fingerprint);
}
