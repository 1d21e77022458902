using System.Diagnostics;
using System.Globalization;
using System.Text;
using MedicineMan.Testbed;

namespace MedicineMan.EndToEnd.Tests.Fixtures;

/// The built program with its own plugins, as an operator starts it; it can be killed and started again on the same data.
internal sealed class HostProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly Process process;
    private readonly StringBuilder said = new();
    private readonly TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private HostProcess(Process process, string url)
    {
        (this.process, Url) = (process, url);
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.Exited += (_, _) => ready.TrySetException(new InvalidOperationException($"The program ended: {Said}"));
    }

    public string Url { get; }

    public int Id => process.Id;

    /// All it has printed.
    public string Said
    {
        get
        {
            lock (said)
            {
                return said.ToString();
            }
        }
    }

    public string SetupLink => Said.Split('\n').Single(line => line.Contains("/setup?token=", StringComparison.Ordinal)).Trim();

    /// The most memory it has held so far.
    public long PeakBytes => File.ReadLines($"/proc/{Id}/status").Where(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
        .Select(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024).Single();

    /// Returns when it says that it is ready.
    public static async Task<HostProcess> Start(string data, int port, params IReadOnlyList<(string Name, string Value)> environment)
    {
        var url = $"http://127.0.0.1:{port}";
        var command = new ProcessStartInfo(BuiltProgram(), ["--data", data, "--urls", url]) { RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = "/" };
        foreach (var (name, value) in environment)
        {
            command.Environment[name] = value;
        }

        var started = new HostProcess(new Process { StartInfo = command, EnableRaisingEvents = true }, url);
        started.process.Start();
        started.process.BeginOutputReadLine();
        started.process.BeginErrorReadLine();
        await started.ready.Task.WaitAsync(Patience);
        return started;
    }

    /// SIGKILL: nothing of it runs afterwards.
    public async Task Kill()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            await Kill();
        }

        process.Dispose();
    }

    /// Built beside the tests in the same configuration: artifacts/bin/&lt;project&gt;/&lt;configuration&gt;.
    private static string BuiltProgram()
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(here.Parent!.Parent!.FullName, "MedicineMan.Host", here.Name, "medicineman");
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (said)
        {
            said.AppendLine(line);
        }

        // The last thing said on every start.
        if (line.StartsWith("Ready", StringComparison.Ordinal))
        {
            ready.TrySetResult();
        }
    }
}
