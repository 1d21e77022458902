using System.Diagnostics;
using System.Text;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests;

/// The built program as a process of its own, as an operator starts it.
internal sealed class HostProcess : IAsyncDisposable
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "medicineman");
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly StringBuilder error = new();
    private readonly TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private HostProcess(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, line) => Keep(output, line.Data);
        process.ErrorDataReceived += (_, line) => Keep(error, line.Data);
        process.Exited += (_, _) => ready.TrySetException(new InvalidOperationException($"The program ended: {error}{output}"));
    }

    public string Output => Text(output);

    public string Error => Text(error);

    public int Id => process.Id;

    public string Url => Output.Contains("URL", StringComparison.Ordinal) ? Word("URL") : Word("Health").Replace("/healthz", "", StringComparison.Ordinal);

    public string SetupLink => Output.Split('\n').Single(line => line.Contains("/setup?token=", StringComparison.Ordinal)).Trim();

    /// Returns when it says where it listens and a first page is served.
    public static async Task<HostProcess> Start(string data, string? database = null, params (string Name, string Value)[] environment)
    {
        string[] arguments = ["--data", data, "--urls", $"http://127.0.0.1:{Programs.FreePort()}", .. database is null ? Array.Empty<string>() : ["--database", database]];
        return await Start(arguments, environment);
    }

    /// A process that only works.
    public static Task<HostProcess> Worker(string data, string database, params string[] more) =>
        Start(["worker", "--data", data, "--database", database, "--urls", $"http://127.0.0.1:{Programs.FreePort()}", .. more]);

    private static async Task<HostProcess> Start(string[] arguments, params (string Name, string Value)[] environment)
    {
        var started = new HostProcess(new Process { StartInfo = Command(Program, arguments, environment), EnableRaisingEvents = true });
        started.process.Start();
        started.process.BeginOutputReadLine();
        started.process.BeginErrorReadLine();
        await started.ready.Task.WaitAsync(Patience);
        using var client = new HttpClient { BaseAddress = new Uri(started.Url) };
        await client.GetStringAsync(new Uri("/readyz", UriKind.Relative));
        return started;
    }

    public static Task<(int Code, string Error)> Fail(params string[] arguments) => Fail([], arguments);

    public static Task<(int Code, string Error)> Fail((string Name, string Value)[] environment, params string[] arguments) => Run(Command(Program, Somewhere(arguments), environment));

    public static Task<(int Code, string Error)> FailAs(string user, params string[] arguments)
    {
        var (file, all) = Programs.As(user, Program, Somewhere(arguments));
        return Run(Command(file, all));
    }

    /// Asks it to stop, as a service supervisor does, and returns its exit code.
    public async Task<int> Terminate()
    {
        Programs.Run("/bin/kill", ["-TERM", $"{process.Id}"]);
        await process.WaitForExitAsync().WaitAsync(Patience);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    private static async Task<(int Code, string Error)> Run(ProcessStartInfo command)
    {
        using var process = Process.Start(command)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException($"The program did not end: {await output}");
        }

        return (process.ExitCode, await error);
    }

    // Somebody may use this machine's 5080 for something.
    private static string[] Somewhere(string[] arguments) => arguments.Contains("--urls") ? arguments : [.. arguments, "--urls", $"http://127.0.0.1:{Programs.FreePort()}"];

    private static ProcessStartInfo Command(string file, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var command = new ProcessStartInfo(file, arguments) { RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = "/" };
        foreach (var (name, value) in environment)
        {
            command.Environment[name] = value;
        }

        return command;
    }

    private void Keep(StringBuilder kept, string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (kept)
        {
            kept.AppendLine(line);
        }

        // The last thing said on every start.
        if (line.StartsWith("Ready", StringComparison.Ordinal))
        {
            ready.TrySetResult();
        }
    }

    private string Word(string label) => Output.Split('\n').Select(line => line.Trim()).First(line => line.StartsWith(label, StringComparison.Ordinal))[label.Length..].Trim();

    private static string Text(StringBuilder kept)
    {
        lock (kept)
        {
            return kept.ToString();
        }
    }
}
