using MedicineMan.Host.Servers.Ssh;
using MedicineMan.Sdk.Commands;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Servers.Ssh;

public sealed class SshConnectionTests
{
    [SkippableFact]
    public async Task An_unknown_host_key_is_shown_with_the_fingerprint_that_ssh_keygen_prints()
    {
        await using var server = await SshServer.Start();

        var unknown = await Assert.ThrowsAsync<UnknownHostKeyException>(() => SshConnector.Connect(Target(server, null), null, default));

        Assert.Equal(server.Fingerprint, unknown.Key.Fingerprint);
        Assert.Contains(server.Fingerprint, unknown.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_changed_host_key_is_refused_before_anything_is_sent()
    {
        await using var server = await SshServer.Start();
        var pinned = await Learn(server);
        await using var connections = new SshConnections(TimeProvider.System);
        await using (await connections.Start(Target(server, pinned), "true", urgent: false, default))
        {
        }

        await server.ChangeHostKey();

        var changed = await Assert.ThrowsAsync<ChangedHostKeyException>(() => UntilReconnected(() => connections.Start(Target(server, pinned), "true", urgent: false, default)));
        Assert.Contains(pinned.Fingerprint, changed.Message, StringComparison.Ordinal);
        Assert.Contains(server.Fingerprint, changed.Message, StringComparison.Ordinal);
        await using var channel = await connections.Start(Target(server, changed.Offered), "exit 0", urgent: false, default);
        Assert.Equal(0, await channel.Exit);
    }

    [SkippableFact]
    public async Task A_wrong_password_is_tried_once_until_it_changes_or_a_person_asks()
    {
        Skip.IfNot(Programs.IsRoot, "Needs a user with a password.");
        await using var server = await SshServer.Start();
        var pinned = await Learn(server);
        await using var connections = new SshConnections(TimeProvider.System);
        var wrong = Target(server, pinned, server.PasswordUser, SshCredential.ByPassword("wrong"));
        var first = await Assert.ThrowsAsync<SshSignInRefusedException>(() => connections.Start(wrong, "true", urgent: false, default));
        Assert.DoesNotContain("wrong", first.Message, StringComparison.Ordinal);

        server.Kill();
        var second = await Assert.ThrowsAsync<SshSignInRefusedException>(() => connections.Start(wrong, "true", urgent: false, default));
        Assert.Same(first, second);
        await server.StartProcess();

        var right = Target(server, pinned, server.PasswordUser, SshCredential.ByPassword(server.Password));
        await using (var channel = await connections.Start(right, "exit 3", urgent: false, default))
        {
            Assert.Equal(3, await channel.Exit);
        }

        connections.Retry(wrong.ServerId);
        Assert.NotSame(first, await Assert.ThrowsAsync<SshSignInRefusedException>(() => connections.Start(wrong, "true", urgent: false, default)));
    }

    [SkippableFact]
    public async Task A_key_with_a_passphrase_opens_and_without_it_says_so()
    {
        await using var server = await SshServer.Start();
        var pinned = await Learn(server);
        var plain = server.PrivateKey;
        Programs.Run("/usr/bin/ssh-keygen", ["-q", "-p", "-P", "", "-N", "open sesame", "-f", server.KeyFile]);
        var locked = server.PrivateKey;
        Assert.NotEqual(plain, locked);

        await using var session = await SshConnector.Connect(Target(server, pinned, credential: SshCredential.ByKey(locked.Replace("\n", "\r\n", StringComparison.Ordinal), "open sesame")), null, default);
        var missing = await Assert.ThrowsAsync<SshSignInRefusedException>(() => SshConnector.Connect(Target(server, pinned, credential: SshCredential.ByKey(locked)), null, default));
        var wrong = await Assert.ThrowsAsync<SshSignInRefusedException>(() => SshConnector.Connect(Target(server, pinned, credential: SshCredential.ByKey(locked, "no")), null, default));

        Assert.Contains("passphrase", missing.Message, StringComparison.Ordinal);
        Assert.Contains("passphrase is wrong", wrong.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_closed_port_and_an_unknown_name_are_sentences()
    {
        await using var server = await SshServer.Start();
        var closed = await Assert.ThrowsAsync<CommandException>(() => SshConnector.Connect(Target(server, null) with { Port = Programs.FreePort() }, null, default));
        var unknown = await Assert.ThrowsAsync<CommandException>(() => SshConnector.Connect(Target(server, null) with { Address = "no-such-host.invalid" }, null, default));

        Assert.Contains("refused the connection", closed.Message, StringComparison.Ordinal);
        Assert.Contains("not known to this machine's DNS", unknown.Message, StringComparison.Ordinal);
    }

    internal static SshTarget Target(SshServer server, HostKey? pinned, string? user = null, SshCredential? credential = null) =>
        new("s", "web-1", "127.0.0.1", server.Port, user ?? SshServer.KeyUser, credential ?? SshCredential.ByKey(server.PrivateKey), pinned);

    internal static async Task<HostKey> Learn(SshServer server) =>
        (await Assert.ThrowsAsync<UnknownHostKeyException>(() => SshConnector.Connect(Target(server, null), null, default))).Key;

    // The pool notices a cut connection a moment after it was cut; what was under way then fails with the loss.
    private static async Task<T> UntilReconnected<T>(Func<Task<T>> work)
    {
        while (true)
        {
            try
            {
                return await work();
            }
            catch (CommandException)
            {
                await Task.Delay(50);
            }
        }
    }
}
