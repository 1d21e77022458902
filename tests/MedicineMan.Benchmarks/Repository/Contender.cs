using System.Diagnostics;
using System.Globalization;

namespace MedicineMan.Benchmarks.Repository;

/// <summary>A backup program under measure; the median of its runs counts.</summary>
internal sealed class Contender(string folder, Func<string, ProcessStartInfo> command)
{
    private readonly List<double> backups = [];
    private readonly List<double> dumps = [];
    private readonly List<double> checks = [];
    private readonly List<double> peaks = [];
    private readonly List<double> processors = [];

    public double BackupSeconds => Median(backups);

    public double DumpSeconds => Median(dumps);

    public double CheckSeconds => Median(checks);

    public double PeakMebibytes => peaks.Count == 0 ? 0 : peaks.Max();

    /// <summary>What a backup costs on a machine that has other work: wall time says little there.</summary>
    public double ProcessorSeconds => Median(processors);

    public long Size { get; private set; }

    // The shipped program as an operator starts it: its start, its plugins and its command line count.
    public static Contender Ours(string folder, string passwordFile)
    {
        var repository = Path.Combine(folder, "ours");
        return new Contender(repository, verb =>
        {
            string[] arguments = verb switch
            {
                "init" => ["init"],
                "backup" => ["backup", "--stdin", "--stdin-filename", "dump.sql"],
                "dump" => ["dump", "latest", "/dump.sql"],
                _ => ["check", "--read-data"],
            };
            return new ProcessStartInfo(
                Path.Combine(AppContext.BaseDirectory, "medicineman"), ["repository", .. arguments, "--repo", repository, "--password-file", passwordFile]);
        });
    }

    public static Contender Restic(string folder, string passwordFile)
    {
        var repository = Path.Combine(folder, "restic");
        return new Contender(repository, verb =>
        {
            string[] arguments = verb switch
            {
                "init" => ["init", "--repository-version", "2"],
                "backup" => ["backup", "--stdin", "--stdin-filename", "dump.sql", "--quiet"],
                "dump" => ["dump", "latest", "/dump.sql"],
                _ => ["check", "--read-data", "--quiet"],
            };
            return new ProcessStartInfo("restic", ["--no-cache", "-r", repository, "--password-file", passwordFile, .. arguments]);
        });
    }

    /// <summary>New repository, backup, dump, check.</summary>
    public async Task Measure(string dump)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        await Time("init", null, null);
        backups.Add(await Time("backup", dump, null));
        Size = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);
        dumps.Add(await Time("dump", null, dump));
        checks.Add(await Time("check", null, null));
        await Console.Error.WriteLineAsync($"{Path.GetFileName(folder)}: backup {backups[^1]:F2} s ({processors[^1]:F2} s of processor time), dump {dumps[^1]:F2} s, check {checks[^1]:F2} s, {Size / 1048576.0:F1} MiB, peak {PeakMebibytes:F0} MiB");
    }

    private async Task<double> Time(string verb, string? input, string? expected)
    {
        var start = command(verb);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
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
        var text = await errors;
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{verb} exited with {process.ExitCode}: {text}");
        }

        var (peak, processor) = await watching;
        if (verb is "backup")
        {
            peaks.Add(peak);
            processors.Add(processor);
        }

        return clock.Elapsed.TotalSeconds;
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

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
