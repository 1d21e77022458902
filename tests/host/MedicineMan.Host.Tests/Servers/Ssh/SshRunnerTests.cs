using System.Globalization;
using MedicineMan.Host.Servers.Commands;
using MedicineMan.Host.Servers.Ssh;
using MedicineMan.Host.Tests.Servers.Commands;
using MedicineMan.Sdk.Commands;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Servers.Ssh;

/// A real sshd and a connection pool that a class of tests shares.
public sealed class SshFixture : IAsyncLifetime
{
    private SshServer? server;

    public SshServer Server => server ?? throw new InvalidOperationException();

    internal SshConnections Connections { get; } = new(TimeProvider.System);

    internal HostKey? Pinned { get; private set; }

    public async Task InitializeAsync()
    {
        if (Programs.Find("sshd") is null)
        {
            return;
        }

        server = await SshServer.Start();
        Pinned = await Learn();
    }

    public async Task DisposeAsync()
    {
        await Connections.DisposeAsync();
        if (server is not null)
        {
            await server.DisposeAsync();
        }
    }

    internal SshTarget Target(HostKey? pinned, SshCredential? credential = null, string? user = null, string id = "ssh") =>
        new(id, "web-1", "127.0.0.1", Server.Port, user ?? SshServer.KeyUser, credential ?? SshCredential.ByKey(Server.PrivateKey), pinned);

    internal ShellRunner Runner(SshTarget target, OpenSecret secrets) => new(target.ServerId, new SshShell(target, Connections), secrets, TimeProvider.System);

    internal async Task<HostKey> Learn() =>
        (await Assert.ThrowsAsync<UnknownHostKeyException>(() => SshConnector.Connect(Target(null), null, default))).Key;
}

public sealed class SshRunnerTests(SshFixture ssh) : CommandRunnerTests, IClassFixture<SshFixture>
{
    protected override ICommandRunner Runner
    {
        get
        {
            Programs.Require("sshd");
            return ssh.Runner(ssh.Target(ssh.Pinned), Secrets);
        }
    }

    [SkippableFact]
    public async Task A_connection_cut_in_the_middle_of_the_output_is_a_failure_that_names_the_server()
    {
        Programs.Require("sshd");
        await using var server = await SshServer.Start();
        await using var connections = new SshConnections(TimeProvider.System);
        var runner = new ShellRunner("s", new SshShell(SshConnectionTests.Target(server, await SshConnectionTests.Learn(server)), connections), Secrets, TimeProvider.System);
        var command = await runner.StartAsync(new CommandSpec("sh", "-c", "head -c 1000000 /dev/zero; sleep 1000"), default);
        await command.StandardOutput.ReadAsync();

        server.CutConnections();

        var failed = await Assert.ThrowsAsync<CommandException>(() => command.Completion);
        Assert.Contains("The connection to web-1 was lost", failed.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<CommandException>(() => ReadAll(command));
        await command.DisposeAsync();
        Assert.Equal("again\n", (await runner.RunTextAsync(new CommandSpec("echo", "again"), "", 1000, default)).Output);
    }

    [SkippableFact]
    public async Task A_long_command_leaves_others_on_the_same_connection_alone()
    {
        await using var stalled = await Runner.StartAsync(new CommandSpec("cat", "/dev/zero") { TimeLimit = TimeSpan.FromMinutes(1) }, default);
        await Task.Delay(500);

        Assert.Equal("quick\n", (await Run(new CommandSpec("echo", "quick"))).Output);
    }

    [SkippableTheory]
    [InlineData("fish")]
    [InlineData("bash")]
    public async Task It_works_whatever_the_login_shell_is_and_says(string shell)
    {
        Skip.IfNot(Programs.IsRoot, "Needs a user of its own.");
        var path = Programs.Require(shell);
        using var home = new TemporaryFolder("home", readableByAll: true);
        var user = "mm" + Guid.NewGuid().ToString("N")[..8];
        Programs.Run("/usr/sbin/useradd", ["-M", "-s", path, "-d", home.Path, user]);
        try
        {
            await File.WriteAllTextAsync(home[".bashrc"], "echo noise on output; echo noise on error >&2\n");
            Directory.CreateDirectory(home[".config/fish"]);
            await File.WriteAllTextAsync(home[".config/fish/config.fish"], "echo noise on output\necho noise on error >&2\n");
            Programs.Run("/usr/sbin/chpasswd", [], $"{user}:secret word\n");
            Programs.Run("/bin/chown", ["-R", user, home.Path]);
            var runner = ssh.Runner(ssh.Target(ssh.Pinned, SshCredential.ByPassword("secret word"), user, id: user), Secrets);

            var done = await runner.RunTextAsync(new CommandSpec("sh", "-c", "printf '%s|' \"$@\"; id -un; cat", "sh", "a'b\\", "$x\n;"), "input", 10_000, default);

            Assert.Equal($"a'b\\|$x\n;|{user}\ninput", done.Output);
            Assert.Equal("", done.Exit.ErrorText);
        }
        finally
        {
            Programs.TryRun("/usr/sbin/userdel", ["-f", user]);
        }
    }

    [SkippableFact]
    public async Task Where_sudo_refuses_the_sudoers_line_is_shown()
    {
        Skip.IfNot(Programs.IsRoot, "Needs a user of its own.");
        Programs.Require("sudo");
        var runner = ssh.Runner(ssh.Target(ssh.Pinned, SshCredential.ByPassword(ssh.Server.Password), ssh.Server.PasswordUser, id: "sudo"), Secrets);

        var refused = await Assert.ThrowsAsync<CommandException>(() => runner.RunTextAsync(new CommandSpec("id") { RunAs = "nobody" }, "", 1000, default));

        Assert.Contains("sudo: a password is required", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"{ssh.Server.PasswordUser} ALL=(nobody) NOPASSWD: /bin/sh", refused.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task With_that_line_sudo_lets_commands_run_and_be_ended()
    {
        Skip.IfNot(Programs.IsRoot, "Needs a user of its own.");
        Programs.Require("sudo");
        var user = ssh.Server.PasswordUser;
        var rule = $"/etc/sudoers.d/{user}";
        await File.WriteAllTextAsync(rule, $"{user} ALL=(nobody) NOPASSWD: /bin/sh\n");
        try
        {
            var runner = ssh.Runner(ssh.Target(ssh.Pinned, SshCredential.ByPassword(ssh.Server.Password), user, id: "sudo2"), Secrets);
            var done = await runner.RunTextAsync(
                new CommandSpec("sh", "-c", "id -un; cat \"$F\"; cat") { RunAs = "nobody", Files = [new CommandFile("F", "file ")] }, "input", 1000, default);
            Assert.Equal("nobody\nfile input", done.Output);

            using var cancel = new CancellationTokenSource();
            await using var command = await runner.StartAsync(new CommandSpec("sh", "-c", "sleep 1000 & echo $! $$; wait") { RunAs = "nobody" }, cancel.Token);
            var ids = (await ReadLine(command)).Split(' ');
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => command.Completion);
            Assert.All(ids, id => Assert.False(Alive(id), id));
        }
        finally
        {
            File.Delete(rule);
        }
    }

    [SkippableFact]
    public async Task Commands_share_a_few_connections()
    {
        var before = Connections();
        await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => Run(new CommandSpec("sleep", "0.3"))));

        Assert.InRange(Connections(), 1, Math.Max(before, 4));

        int Connections() => Programs.TryRun("/usr/bin/pgrep", ["-f", "-c", $"sshd.*{SshServer.KeyUser}@notty"]) is var (_, output, _)
            ? int.Parse(output.Trim(), CultureInfo.InvariantCulture) : 0;
    }
}

public sealed class SshCommandEndTests(SshFixture ssh) : CommandEndTests, IClassFixture<SshFixture>
{
    protected override ICommandRunner Runner
    {
        get
        {
            Programs.Require("sshd");
            return ssh.Runner(ssh.Target(ssh.Pinned), Secrets);
        }
    }
}
