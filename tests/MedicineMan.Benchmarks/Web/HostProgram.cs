using System.Diagnostics;
using System.Globalization;
using System.Net;
using MedicineMan.Testbed;

namespace MedicineMan.Benchmarks.Web;

/// <summary>The published program as a process of its own, as an operator starts it, with its time to readiness and its memory.</summary>
internal sealed class HostProgram : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Process process;

    private HostProgram(Process process, Uri url)
    {
        (this.process, Url) = (process, url);
    }

    public Uri Url { get; }

    public double SecondsToReady { get; private init; }

    /// <summary>CPU time used so far, in seconds.</summary>
    public double CpuSeconds
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime.TotalSeconds;
        }
    }

    public double ResidentMebibytes => long.Parse(
        File.ReadLines($"/proc/{process.Id}/status").First(line => line.StartsWith("VmRSS", StringComparison.Ordinal)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) / 1024.0;

    public static async Task<HostProgram> Start(string data, params (string Name, string Value)[] environment)
    {
        var url = new Uri($"http://127.0.0.1:{Programs.FreePort()}");
        var start = new ProcessStartInfo(ShippedProgram.Path, ["--data", data, "--urls", url.ToString().TrimEnd('/')])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/",
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var clock = Stopwatch.StartNew();
        var process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, line) => Console.Error.WriteLine(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await Ready(process, new Uri(url, "/readyz"), clock);
        return new HostProgram(process, url) { SecondsToReady = clock.Elapsed.TotalSeconds };
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

    internal static async Task Ready(Process process, Uri address, Stopwatch clock)
    {
        using var client = new HttpClient();
        while (true)
        {
            try
            {
                using var answer = await client.GetAsync(address);
                if (answer.StatusCode is HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (HttpRequestException) when (!process.HasExited && clock.Elapsed < Patience)
            {
                // Not listening yet.
            }

            await Task.Delay(5);
        }
    }
}
