using System.Diagnostics;

namespace MedicineMan.Benchmarks.Repository;

/// <summary>What one run of a program took. Processor time is what it costs on a machine that has other work: wall time says little there.</summary>
internal sealed record Sample(double Seconds, double ProcessorSeconds, double PeakMebibytes)
{
    public static async Task<Sample> Measure(string what, ProcessStartInfo start, string? input, string? expected)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        // What runs before this one left to be written or given back to the disk must not hold up its flushes.
        using (var sync = Process.Start("sync"))
        {
            await sync.WaitForExitAsync();
        }

        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var watching = Watch(process);
        var errors = process.StandardError.ReadToEndAsync();
        var reading = expected is null ? process.StandardOutput.BaseStream.CopyToAsync(Stream.Null) : Same(process.StandardOutput.BaseStream, expected);
        if (input is not null)
        {
            await using var file = File.OpenRead(input);
            await file.CopyToAsync(process.StandardInput.BaseStream, 1 << 20);
        }

        process.StandardInput.Close();
        await reading;
        await process.WaitForExitAsync();
        var seconds = clock.Elapsed.TotalSeconds;
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{what} exited with {process.ExitCode}: {await errors}");
        }

        var (peak, processor) = await watching;
        await Console.Error.WriteLineAsync($"{what}: {seconds:F2} s, {processor:F2} s of processor time, {peak:F0} MiB");
        return new Sample(seconds, processor, peak);
    }

    // The system keeps the peak itself, so that only growth in the last moments can be missed.
    private static async Task<(double PeakMebibytes, double ProcessorSeconds)> Watch(Process process)
    {
        var (peak, processor) = (0.0, 0.0);
        try
        {
            while (!process.HasExited)
            {
                process.Refresh();
                (peak, processor) = (Math.Max(peak, process.PeakWorkingSet64 / 1048576.0), process.TotalProcessorTime.TotalSeconds);
                await Task.Delay(20);
            }
        }
        catch (InvalidOperationException) when (process.HasExited)
        {
            // It ended between the question and the answer.
        }

        return (peak, processor);
    }

    // Both contenders pay for the comparison alike.
    private static async Task Same(Stream output, string expected)
    {
        await using var file = File.OpenRead(expected);
        var (left, right) = (new byte[1 << 20], new byte[1 << 20]);
        while (true)
        {
            var length = await output.ReadAtLeastAsync(left, left.Length, throwOnEndOfStream: false);
            var expectedLength = await file.ReadAtLeastAsync(right, right.Length, throwOnEndOfStream: false);
            if (length != expectedLength || !left.AsSpan(0, length).SequenceEqual(right.AsSpan(0, length)))
            {
                throw new InvalidOperationException("What came back is not what was stored.");
            }

            if (length == 0)
            {
                return;
            }
        }
    }
}
