using System.CommandLine;
using MedicineMan.Host.Cli.Repository;
using MedicineMan.Host.Cli.Wire;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Cli.Repository;

/// The repository commands on a real SFTP server, through the plugin as the program loads it.
public sealed class SftpCommandTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder folder = new("sftp");
    private SshServer server = null!;

    private string Address => $"sftp://{SshServer.KeyUser}@127.0.0.1:{server.Port}/{folder["repository"]}";

    public async Task InitializeAsync()
    {
        server = await SshServer.Start();
        Directory.CreateDirectory(folder["home/.ssh"]);
        File.Copy(server.KeyFile, folder["home/.ssh/id_ed25519"]);
        File.WriteAllText(folder["password"], "a password\n");
        Directory.CreateDirectory(folder["source/sub"]);
        File.WriteAllText(folder["source/first"], "first content");
        File.WriteAllText(folder["source/sub/second"], string.Concat(Enumerable.Range(0, 200_000)));
    }

    [SkippableFact]
    public async Task A_repository_goes_round_and_stock_restic_checks_and_restores_the_same_folder()
    {
        var restic = Programs.Require("restic");
        await Know();
        await Expect(0, "init");
        await Expect(0, "backup", folder["source"], "--host", "db1");
        await Expect(0, "check", "--read-data");
        await Expect(0, "restore", "latest", "--target", folder["restored"], "--path", folder["source"]);
        Assert.Equal(File.ReadAllText(folder["source/sub/second"]), File.ReadAllText(folder["restored/source/sub/second"]));

        string[] here = ["-r", folder["repository"], "--no-cache", "--password-file", folder["password"]];
        Programs.Run(restic, [.. here, "check", "--read-data"]);
        Programs.Run(restic, [.. here, "restore", "latest", "--target", folder["by-restic"]]);
        Assert.Equal("first content", File.ReadAllText(folder["by-restic"] + folder["source/first"]));

        // And over SFTP of its own, from which ours reads again.
        var ssh = $"ssh -F none -p {server.Port} -i {server.KeyFile} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR {SshServer.KeyUser}@127.0.0.1 -s sftp";
        Programs.Run(restic, ["-r", $"sftp:{SshServer.KeyUser}@127.0.0.1:{folder["repository"]}", "-o", $"sftp.command={ssh}", "--no-cache", "--password-file", folder["password"], "backup", folder["source/first"]]);
        Assert.Equal(2, (await Expect(0, "snapshots", "--json")).Trim().Split('\n').Length);
        await Expect(0, "check", "--read-data");
    }

    [Fact]
    public async Task An_unknown_server_is_refused_with_its_fingerprint_which_can_then_be_given()
    {
        var refused = await Expect(1, "init");
        Assert.Contains(server.Fingerprint, refused, StringComparison.Ordinal);
        Assert.Contains("--sftp-host-key", refused, StringComparison.Ordinal);
        await Expect(0, "init", "--sftp-host-key", server.Fingerprint);

        await server.ChangeHostKey();
        await Know();
        await Expect(0, "snapshots");
        File.WriteAllText(folder["home/.ssh/known_hosts"], File.ReadAllText(folder["home/.ssh/known_hosts"]) + "@revoked * " + File.ReadAllText(folder["home/.ssh/known_hosts"]).Split(' ', 2)[1]);
        Assert.Contains("marked as revoked", await Expect(1, "snapshots"), StringComparison.Ordinal);
        Assert.Contains("marked as revoked", await Expect(1, "snapshots", "--sftp-host-key", server.Fingerprint), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Keys_with_a_passphrase_and_passwords_come_out_of_files()
    {
        await Know();
        File.WriteAllText(folder["passphrase"], "correct horse\n");
        Programs.Run("/usr/bin/ssh-keygen", ["-q", "-p", "-P", "", "-N", "correct horse", "-f", folder["home/.ssh/id_ed25519"]]);
        Assert.Contains("--sftp-passphrase-file", await Expect(1, "init"), StringComparison.Ordinal);
        await Expect(0, "init", "--sftp-passphrase-file", folder["passphrase"]);

        File.Move(folder["home/.ssh/id_ed25519"], folder["elsewhere"]);
        Assert.Contains("none of id_ed25519, id_ecdsa, id_rsa", await Expect(1, "snapshots"), StringComparison.Ordinal);
        await Expect(0, "snapshots", "--sftp-key", folder["elsewhere"], "--sftp-passphrase-file", folder["passphrase"]);
        Assert.Contains("Leave one of them out", await Expect(1, "snapshots", "--sftp-key", folder["elsewhere"], "--sftp-password-file", folder["passphrase"]), StringComparison.Ordinal);
        Assert.Contains("can't be read", await Expect(1, "snapshots", "--sftp-key", folder["nothing"]), StringComparison.Ordinal);

        var wrong = await Expect(1, "snapshots", "--sftp-password-file", folder["passphrase"]);
        Assert.Contains("did not let", wrong, StringComparison.Ordinal);
        Assert.DoesNotContain("correct horse", wrong, StringComparison.Ordinal);
    }

    public Task DisposeAsync() => server.DisposeAsync().AsTask();

    public void Dispose() => folder.Dispose();

    // What ssh writes down when a person says yes.
    private async Task Know()
    {
        var scanned = Programs.Run("/usr/bin/ssh-keyscan", ["-t", "ed25519", "-p", $"{server.Port}", "127.0.0.1"]);
        await File.WriteAllTextAsync(folder["home/.ssh/known_hosts"], scanned);
    }

    private async Task<string> Expect(int code, params string[] arguments)
    {
        var command = RepositoryCommands.Create(PluginStorages.Open, PluginStorages.Secrets, folder["home"]);
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var parsed = command.Parse([.. arguments, "--repo", Address, "--password-file", folder["password"]]);
        var ended = await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = errors });
        Assert.True(ended == code, $"{ended}: {errors}{output}");
        return code == 0 ? output.ToString() : errors.ToString();
    }
}
