using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using MedicineMan.Host.Servers.Commands;
using MedicineMan.Host.Servers.Ssh;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Commands;

namespace MedicineMan.Host.Servers;

/// Shows a person where a connection gets stuck: DNS, TCP, host key, authentication, shell, over one real connection (a connect and drop
/// would count against us at the server). Each step comes as soon as it is known.
internal sealed class ConnectionTest(SshConnections connections, TimeProvider time)
{
    public const string Dns = "DNS", Tcp = "TCP", Key = "Host key", SignIn = "Authentication", Shell = "Shell";

    public async IAsyncEnumerable<TestStep> Run(SshTarget target, [EnumeratorCancellation] CancellationToken cancel)
    {
        var started = time.GetTimestamp();
        var name = await Resolve(target, cancel);
        yield return name;
        if (name.State != TestState.Passed)
        {
            yield break;
        }

        var passed = Channel.CreateUnbounded<(string Stage, string Detail, long At)>();
        started = time.GetTimestamp();
        var connecting = Connect(target, passed.Writer, cancel);
        List<string> done = [];
        await foreach (var (stage, detail, at) in passed.Reader.ReadAllAsync(cancel))
        {
            if (stage == "tcp" || target.Pinned?.Fingerprint == detail)
            {
                done.Add(stage);
                yield return Passed(stage == "tcp" ? Tcp : Key, started, at, detail);
                started = at;
            }
        }

        SshSession? session = null;
        TestStep? failed = null;
        try
        {
            session = await connecting;
        }
        catch (UserFacingException failure)
        {
            failed = Explain(target, failure, done, started);
        }

        yield return failed ?? Passed(SignIn, started, time.GetTimestamp(), $"Signed in as {target.UserName}.");
        if (session is not null)
        {
            await using (session)
            {
                yield return await RunShell(target, session, cancel);
            }
        }
    }

    /// The same for this machine, where only a shell is needed.
    public async IAsyncEnumerable<TestStep> RunLocal([EnumeratorCancellation] CancellationToken cancel)
    {
        yield return await RunShell(new LocalShell(), cancel);
    }

    private async Task<TestStep> Resolve(SshTarget target, CancellationToken cancel)
    {
        var started = time.GetTimestamp();
        try
        {
            var found = await System.Net.Dns.GetHostAddressesAsync(target.Address, cancel).WaitAsync(TimeSpan.FromSeconds(10), time, cancel);
            var detail = IPAddress.TryParse(target.Address, out _) ? "An address, nothing to look up." : string.Join(", ", found.Take(4).Select(address => address.ToString()));
            return Passed(Dns, started, time.GetTimestamp(), detail);
        }
        catch (Exception failed) when (failed is SocketException or TimeoutException or ArgumentException)
        {
            return Failed(Dns, started, $"{target.Address} is not known to this machine's DNS.", "Check the spelling, or enter the IP address.");
        }
    }

    private async Task<SshSession> Connect(SshTarget target, ChannelWriter<(string, string, long)> passed, CancellationToken cancel)
    {
        try
        {
            return await connections.ConnectOnce(target, (stage, detail) => passed.TryWrite((stage, detail, time.GetTimestamp())), cancel);
        }
        finally
        {
            passed.Complete();
        }
    }

    private TestStep Explain(SshTarget target, UserFacingException failure, List<string> done, long started) => failure switch
    {
        UnknownHostKeyException unknown => Failed(Key, started, unknown.Message,
            $"On the server, run: ssh-keygen -lf /etc/ssh/ssh_host_{Short(unknown.Key)}_key.pub. Confirm the key if both are equal.") with { State = TestState.Asks, HostKey = unknown.Key },
        ChangedHostKeyException changed => Failed(Key, started, changed.Message, "Ask whoever runs the server whether it was reinstalled before you approve the new key.") with { HostKey = changed.Offered },
        SshSignInRefusedException => Failed(SignIn, started, failure.Message, target.Credential.PrivateKey is null
            ? "Check user name and password. The server may not allow passwords for this user (PasswordAuthentication, PermitRootLogin): then use a key."
            : $"Check the user name, and that the public key stands in ~{target.UserName}/.ssh/authorized_keys."),
        _ => Failed(done.Count == 0 ? Tcp : done.Contains("key") ? SignIn : Key, started, failure.Message,
            done.Count == 0 ? "Check address and port, that sshd runs, and that no firewall is in between." : "Try again; if it stays, look into the server's SSH log."),
    };

    private async Task<TestStep> RunShell(SshTarget target, SshSession session, CancellationToken cancel) =>
        await RunShell(new OneSession(target, session), cancel);

    private async Task<TestStep> RunShell(IShell shell, CancellationToken cancel)
    {
        var started = time.GetTimestamp();
        var runner = new ShellRunner("test", shell, (_, _) => throw new InvalidOperationException("A connection test uses no secrets."), time);
        try
        {
            var done = await runner.RunTextAsync(new CommandSpec("uname", "-srm") { TimeLimit = TimeSpan.FromSeconds(20) }, "", 4096, cancel);
            return done.Exit.Ok
                ? Passed(Shell, started, time.GetTimestamp(), PlainText.From(done.Output).Trim())
                : Failed(Shell, started, $"A command ended with {done.Exit.Code}: {done.Exit.ErrorText}", "Give the user a POSIX shell.");
        }
        catch (CommandException failed)
        {
            return Failed(Shell, started, failed.Message, "The user needs a login shell that runs commands: not nologin, and no forced command.");
        }
    }

    private TestStep Passed(string name, long started, long ended, string detail) =>
        new(name, TestState.Passed, Milliseconds(started, ended), detail, null);

    private TestStep Failed(string name, long started, string detail, string remedy) =>
        new(name, TestState.Failed, Milliseconds(started, time.GetTimestamp()), detail, remedy);

    private double Milliseconds(long started, long ended) => Math.Round(time.GetElapsedTime(started, ended).TotalMilliseconds, 1);

    private static string Short(HostKey key) => key.Algorithm switch
    {
        "ssh-ed25519" => "ed25519",
        "ssh-rsa" => "rsa",
        _ => "ecdsa",
    };

    private sealed class OneSession(SshTarget target, SshSession session) : IShell
    {
        public string ServerName => target.ServerName;

        public string UserName => target.UserName;

        public async ValueTask<IShellProcess> Start(string line, bool urgent, CancellationToken cancel) => await session.Open(line, cancel);
    }
}

internal enum TestState
{
    Passed,
    Failed,

    /// A person has to look and decide: an unknown host key.
    Asks,
}

/// <param name="Remedy">What to do next; null when it passed.</param>
internal sealed record TestStep(string Name, TestState State, double Milliseconds, string Detail, string? Remedy)
{
    /// The key to pin or to approve.
    public HostKey? HostKey { get; init; }
}
