using System.Text.Json.Nodes;
using MedicineMan.Sdk.Storage;
using MedicineMan.Testbed;

namespace MedicineMan.Plugins.Sftp.Tests;

/// Whom the storage talks to, and that it does not knock again where it was refused.
public sealed class TrustTests(SftpServer server) : IClassFixture<SftpServer>
{
    private const string Key = "keys/aa";

    [Fact]
    public async Task Without_a_pinned_key_nothing_is_sent_and_the_error_names_the_servers()
    {
        var failure = await Refused(settings => settings.Remove("hostKey"), "Connection closed by 127.0.0.1");
        Assert.Contains($"showed the host key {server.Ssh.Fingerprint} (ssh-ed25519), and none is pinned yet. Nothing was sent.", failure.Message, StringComparison.Ordinal);
        Assert.Contains("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_key_than_the_pinned_one_is_refused_and_nothing_is_sent()
    {
        var other = "SHA256:" + new string('A', 43);
        var failure = await Refused(settings => settings["hostKey"] = other, "Unable to negotiate");
        Assert.Contains($"showed the host key {server.Ssh.Fingerprint} (ssh-ed25519), but {other} is pinned. Nothing was sent.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_changes_while_the_storage_is_open_stops_it()
    {
        await using var own = await SshServer.Start();
        var settings = server.Settings(server.NewFolder());
        (settings["port"], settings["hostKey"], settings["privateKey"]) = (own.Port, own.Fingerprint, server.Secret(own.PrivateKey));
        await using var storage = await server.Open(settings);
        await SftpServer.Put(storage, Key, 10);

        await own.ChangeHostKey();

        var failure = await Eventually(() => SftpServer.Put(storage, "keys/bb", 10));
        Assert.Contains("Nothing was sent", failure.Message, StringComparison.Ordinal);
        Assert.True(failure.Permanent);
        Assert.False(File.Exists(Path.Combine(settings["path"]!.GetValue<string>(), "keys", "bb")));
    }

    [Fact]
    public async Task The_pinned_key_may_be_another_than_the_first_one_the_server_shows()
    {
        using var folder = new TemporaryFolder("keys");
        Programs.Run("/usr/bin/ssh-keygen", ["-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", folder["rsa"]]);
        await using var two = await SshServer.Start(more: $"HostKey {folder["rsa"]}");
        var settings = server.Settings(server.NewFolder());
        var rsa = Programs.Run("/usr/bin/ssh-keygen", ["-lf", folder["rsa.pub"]]).Split(' ')[1];
        (settings["port"], settings["hostKey"], settings["privateKey"]) = (two.Port, rsa, server.Secret(two.PrivateKey));

        await using var storage = await server.Open(settings);
        Assert.True(await SftpServer.Put(storage, Key, 10));

        settings["hostKey"] = $"SHA256:{new string('A', 43)}, {two.Fingerprint}";
        await using var another = await server.Open(settings);
        Assert.False(await SftpServer.Put(another, Key, 10));
    }

    [SkippableFact]
    public async Task A_wrong_password_is_refused_once_and_not_tried_again()
    {
        Skip.IfNot(Programs.IsRoot, "Only root can make a user with a password.");
        void Wrong(JsonObject settings)
        {
            settings.Remove("privateKey");
            (settings["user"], settings["password"]) = (server.Ssh.PasswordUser, server.Secret("not the password"));
        }

        var failure = await Refused(Wrong, $"Failed password for {server.Ssh.PasswordUser}");
        Assert.Contains($"did not let {server.Ssh.PasswordUser} in with this password", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("not the password", failure.ToString(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task The_right_password_signs_in()
    {
        Skip.IfNot(Programs.IsRoot, "Only root can make a user with a password.");
        var settings = server.Settings("/tmp");
        settings.Remove("privateKey");
        (settings["user"], settings["password"]) = (server.Ssh.PasswordUser, server.Secret(server.Ssh.Password));
        await using var storage = await server.Open(settings);
        Assert.Empty(await storage.ListAsync("no-such-folder/", default).ToListAsync());
    }

    [Fact]
    public async Task A_key_that_is_not_authorized_is_refused_once_and_not_tried_again()
    {
        using var folder = new TemporaryFolder("keys");
        Programs.Run("/usr/bin/ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", folder["stranger"]]);
        var failure = await Refused(settings => settings["privateKey"] = server.Secret(File.ReadAllText(folder["stranger"])), "Connection closed by authenticating user");
        Assert.Contains("with this key", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_is_unknown_and_a_port_that_is_closed_may_work_later()
    {
        foreach (var (field, value, part) in new (string, JsonNode, string)[] { ("host", "no-such-host.invalid", "not known to this machine's DNS"), ("port", Programs.FreePort(), "refused the connection") })
        {
            var settings = server.Settings(server.NewFolder());
            settings[field] = value;
            await using var storage = await server.Open(settings);
            var failure = await Assert.ThrowsAsync<StorageException>(() => SftpServer.Put(storage, Key, 10));
            Assert.Contains(part, failure.Message, StringComparison.Ordinal);
            Assert.True(failure.Transient);
        }
    }

    private async Task<StorageException> Refused(Action<JsonObject> change, string logged)
    {
        var settings = server.Settings(server.NewFolder());
        change(settings);
        await using var storage = await server.Open(settings);
        var failure = await Assert.ThrowsAsync<StorageException>(() => SftpServer.Put(storage, Key, 10));
        Assert.True(failure.Permanent);
        Assert.False(failure.Transient);

        var times = await Times(logged, atLeast: 1);
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Assert.ThrowsAsync<StorageException>(() => SftpServer.Put(storage, Key, 10))));
        Assert.Equal(times, await Times(logged, times));
        return failure;
    }

    // sshd writes its log when it gets to it.
    private async Task<int> Times(string logged, int atLeast)
    {
        for (var tries = 0; tries < 100 && server.Ssh.Log.Split(logged).Length - 1 < atLeast; tries++)
        {
            await Task.Delay(50);
        }

        await Task.Delay(200);
        return server.Ssh.Log.Split(logged).Length - 1;
    }

    // A connection that breaks under a call is transient; the next one meets the other key.
    private static async Task<StorageException> Eventually(Func<Task> call)
    {
        var failure = await Assert.ThrowsAsync<StorageException>(call);
        return failure.Transient ? await Assert.ThrowsAsync<StorageException>(call) : failure;
    }
}
