using Xunit;

using System.Diagnostics;
using System.Runtime.InteropServices;

namespace MedicineMan.Testbed;

/// The real programs tests run against: where they are, and whether a missing one is a skip or, on CI, a failure.
public static class Programs
{
    private static readonly string[] Places = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    public static bool IsRoot { get; } = geteuid() == 0;

    /// Path of a program; skips the test when it is missing, or fails it under CI=true.
    public static string Require(string name, params string[] alsoIn)
    {
        var path = Find(name, alsoIn);
        if (path is null && Environment.GetEnvironmentVariable("CI") == "true")
        {
            throw new InvalidOperationException($"{name} is not installed; tests/run installs it.");
        }

        Skip.If(path is null, $"{name} is not installed.");
        return path!;
    }

    public static string? Find(string name, params string[] alsoIn) =>
        alsoIn.Concat(Places).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// Folder of the newest installed PostgreSQL server's programs.
    public static string PostgresBin()
    {
        const string root = "/usr/lib/postgresql";
        var newest = Directory.Exists(root)
            ? Directory.GetDirectories(root).OrderByDescending(d => int.TryParse(Path.GetFileName(d), out var v) ? v : 0).FirstOrDefault()
            : null;
        return Path.GetDirectoryName(Require("initdb", newest is null ? [] : [Path.Combine(newest, "bin")]))!;
    }

    /// Runs a program to its end and returns what it printed; throws with its error output when it fails.
    public static string Run(string file, IEnumerable<string> arguments, string? input = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        var (code, output, error) = TryRun(file, arguments, input, environment);
        return code == 0 ? output : throw new InvalidOperationException($"{file} {string.Join(' ', arguments)} ended with {code}: {error}{output}");
    }

    public static (int Code, string Output, string Error) TryRun(
        string file, IEnumerable<string> arguments, string? input = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/",
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        process.WaitForExit();
        return (process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    /// A program and its arguments as another operating system user; itself when already that user's equal.
    public static (string File, IEnumerable<string> Arguments) As(string user, string file, IEnumerable<string> arguments) =>
        IsRoot ? ("/usr/sbin/runuser", ["-u", user, "--", file, .. arguments]) : (file, arguments);

    /// A loopback port that nothing listens on. It lies below those that outgoing connections are given: one of them could take it before it is used.
    public static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(12_000, 32_000);
            try
            {
                using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (System.Net.Sockets.SocketException failure) when (failure.SocketErrorCode == System.Net.Sockets.SocketError.AddressAlreadyInUse)
            {
                // Taken.
            }
        }
    }

    [DllImport("libc")]
    private static extern uint geteuid();
}
