using System.Diagnostics;
using Xunit;

namespace MedicineMan.Testbed;

/// A private OpenSSH server on a free loopback port with its own host keys. It lets the user who runs the tests in by key; by
/// password where the tests run as root and can make a user for it.
public sealed class SshServer : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new("sshd");
    private readonly System.Text.StringBuilder log = new();
    private string? before;
    private string sftp = "internal-sftp";
    private string more = "";
    private Process? process;

    public int Port { get; } = Programs.FreePort();

    public string KeyFile => folder["id_ed25519"];

    public string PrivateKey => File.ReadAllText(KeyFile);

    public static string KeyUser => Environment.UserName;

    /// User and password for password authentication; only available as root.
    public string PasswordUser { get; } = "mm" + Guid.NewGuid().ToString("N")[..8];

    public string Password { get; } = "swordfish " + Guid.NewGuid().ToString("N")[..6];

    /// "SHA256:…" of the server's host key, as ssh-keygen prints it.
    public string Fingerprint => Programs.Run("/usr/bin/ssh-keygen", ["-lf", folder["host_key.pub"]]).Split(' ')[1];

    /// What sshd has logged since the first start.
    public string Log
    {
        get
        {
            lock (log)
            {
                return log.ToString();
            }
        }
    }

    /// A server on which PostgreSQL's programs are not installed: in a mount namespace of its own that hides them. Only as root.
    public static Task<SshServer> StartWithoutPostgres()
    {
        Skip.IfNot(Programs.IsRoot, "Only root can hide programs from a server.");
        return Start("mount --make-rprivate / && mount -t tmpfs none /usr/lib/postgresql && for p in psql pg_dump pg_dumpall pg_restore; do f=$(readlink -f /usr/bin/$p); "
            + "[ ! -f $f ] || mount --bind /dev/null $f || exit 1; done");
    }

    /// <param name="before">Shell commands to run first, in a mount namespace of the server's own.</param>
    /// <param name="sftp">The SFTP server and its options.</param>
    /// <param name="more">Further lines of its configuration.</param>
    public static async Task<SshServer> Start(string? before = null, string sftp = "internal-sftp", string more = "")
    {
        Programs.Require("sshd");
        var server = new SshServer { before = before, sftp = sftp, more = more };
        Programs.Run("/usr/bin/ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", server.KeyFile]);
        File.Copy(server.KeyFile + ".pub", server.folder["authorized_keys"]);
        server.NewHostKey();
        if (Programs.IsRoot)
        {
            Directory.CreateDirectory("/run/sshd");
            Programs.Run("/usr/sbin/useradd", ["-M", "-s", "/bin/sh", "-d", "/tmp", server.PasswordUser]);
            Programs.Run("/usr/sbin/chpasswd", [], $"{server.PasswordUser}:{server.Password}\n");
        }

        await server.StartProcess();
        return server;
    }

    /// Replaces the host key, as a reinstalled or impersonated server would, and restarts.
    public async Task ChangeHostKey()
    {
        Kill();
        NewHostKey();
        await StartProcess();
    }

    /// Cuts every connection, and refuses new ones until <see cref="StartProcess"/>.
    public void Kill()
    {
        if (process is { HasExited: false })
        {
            process.Kill(entireProcessTree: true);
            // With a limit it waits for the process alone, and not also for whoever inherited its log.
            process.WaitForExit(TimeSpan.FromSeconds(20));
        }

        process?.Dispose();
        process = null;
    }

    /// Cuts the connections that are open; new ones are served.
    public void CutConnections() => Signal("-KILL");

    /// The connections that are open stay so, and nothing moves on them any more, until they are thawed or cut.
    public void FreezeConnections() => Signal("-STOP");

    public void ThawConnections() => Signal("-CONT");

    /// The programs that run over its connections.
    public IReadOnlyList<string> Running()
    {
        var all = Programs.Run("/bin/ps", ["-eo", "pid=,ppid=,comm="]).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).ToLookup(line => line[1]);
        return [.. Below(process!.Id.ToString(System.Globalization.CultureInfo.InvariantCulture))];

        IEnumerable<string> Below(string parent) => all[parent].SelectMany(line => Below(line[0]).Concat(line[2].StartsWith("sshd", StringComparison.Ordinal) ? [] : [line[2]]));
    }

    private void Signal(string signal)
    {
        foreach (var child in Programs.TryRun("/usr/bin/pgrep", ["-P", process!.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]).Output
                     .Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Programs.TryRun("/bin/kill", [signal, child]);
        }
    }

    public async Task StartProcess()
    {
        // A home without anything in it: what a machine's own profile does at each login is slow, and some leave locks behind when they are killed.
        await File.WriteAllTextAsync(folder["sshd_config"], $"""
            ListenAddress 127.0.0.1:{Port}
            HostKey {folder["host_key"]}
            AuthorizedKeysFile {folder["authorized_keys"]}
            PidFile {folder["pid"]}
            PermitRootLogin yes
            PasswordAuthentication yes
            KbdInteractiveAuthentication no
            UsePAM no
            StrictModes no
            SetEnv HOME={folder["home"]}
            MaxStartups 100
            Subsystem sftp {sftp}
            {more}
            """);
        string[] command = [Programs.Require("sshd"), "-D", "-e", "-f", folder["sshd_config"]];
        command = before is null ? command : ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", $"{before} && exec \"$@\"", "sh", .. command];
        process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true })!;
        var listening = new TaskCompletionSource();
        process.ErrorDataReceived += (_, line) =>
        {
            lock (log)
            {
                log.AppendLine(line.Data);
            }

            if (line.Data?.Contains("Server listening", StringComparison.Ordinal) == true)
            {
                listening.TrySetResult();
            }
        };
        process.BeginErrorReadLine();
        await listening.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    public ValueTask DisposeAsync()
    {
        Kill();
        if (Programs.IsRoot)
        {
            Programs.TryRun("/usr/sbin/userdel", ["-f", PasswordUser]);
        }

        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private void NewHostKey()
    {
        File.Delete(folder["host_key"]);
        File.Delete(folder["host_key.pub"]);
        Programs.Run("/usr/bin/ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", folder["host_key"]]);
    }
}
