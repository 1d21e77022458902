using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using MedicineMan.Jobs.FaultWorker;
using MedicineMan.Jobs.TestWorker;

namespace MedicineMan.Jobs.Faults.Tests;

/// A worker in a process of its own, under one name through all its lives.
internal sealed class WorkerProcess(TestDatabase database, string nodeFile, int concurrency = 4) : IDisposable
{
    // As Linux numbers them.
    private const int Continue = 18;
    private const int Freeze = 19;

    private const int Kept = 4;

    private readonly ConcurrentQueue<string> said = new();
    private Process? process;

    /// Set before it starts.
    public IDictionary<string, string> Environment { get; } = new Dictionary<string, string>
    {
        // Sockets for debuggers that the killed would leave behind.
        ["DOTNET_EnableDiagnostics"] = "0",
    };

    /// Held by whoever does something to it, so that nobody kills what another one has frozen.
    public SemaphoreSlim Turn { get; } = new(1, 1);

    public bool HasDied => process is { HasExited: true };

    /// What it holds in memory now, in bytes.
    public long Resident
    {
        get
        {
            process!.Refresh();
            return process.WorkingSet64;
        }
    }

    public void Start()
    {
        process?.Dispose();
        string[] arguments = ["exec", typeof(JumpingClock).Assembly.Location, database.Dialect.ToString(), nodeFile, concurrency.ToString(CultureInfo.InvariantCulture)];
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in Environment)
        {
            start.Environment[name] = value;
        }

        process = Process.Start(start)!;
        // Read, so that nothing it has to say holds it up.
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Say(database.ConnectionString);
    }

    public async Task Kill()
    {
        process!.Kill();
        await process.WaitForExitAsync();
    }

    public void Stop() => Signal(Freeze);

    public void Wake() => Signal(Continue);

    public void SetClock(double secondsOff) => Say(secondsOff.ToString(CultureInfo.InvariantCulture));

    /// Asks it to stop in good order and waits for it.
    public async Task<int> End()
    {
        process!.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        return process.ExitCode;
    }

    public void Dispose()
    {
        if (process is { HasExited: false })
        {
            process.Kill();
            process.WaitForExit();
        }

        process?.Dispose();
        Turn.Dispose();
    }

    /// For a test that fails: how it is, and what it complained of last.
    public override string ToString()
    {
        process!.Refresh();
        var state = process.HasExited ? $"ended with {process.ExitCode}" : $"lives, has used {process.TotalProcessorTime.TotalSeconds:0.0} s and holds {process.WorkingSet64 >> 20} MiB";
        return $"Worker {process.Id} {state}: {string.Join('\n', said)}";
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is not null)
        {
            said.Enqueue(line.Data);
            while (said.Count > Kept && said.TryDequeue(out _))
            {
            }
        }
    }

    private void Say(string line)
    {
        try
        {
            process!.StandardInput.WriteLine(line);
            process.StandardInput.Flush();
        }
        catch (IOException) when (process!.HasExited || process.WaitForExit(5000))
        {
            // It has died meanwhile; who starts it anew tells it again.
        }
    }

    private void Signal(int number)
    {
        if (kill(process!.Id, number) != 0 && !process.HasExited)
        {
            throw new InvalidOperationException($"The signal {number} did not reach the worker {process.Id}.");
        }
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int kill(int process, int signal);
}
