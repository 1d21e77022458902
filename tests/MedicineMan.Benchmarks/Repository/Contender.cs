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

    public double BackupSeconds => Median(backups);

    public double DumpSeconds => Median(dumps);

    public double CheckSeconds => Median(checks);

    public double PeakMebibytes => peaks.Count == 0 ? 0 : peaks.Max();

    public long Size { get; private set; }

    public static Contender Ours(string folder, string passwordFile)
    {
        var repository = Path.Combine(folder, "ours");
        return new Contender(repository, verb =>
        {
            var start = new ProcessStartInfo(Environment.ProcessPath!);
            foreach (var argument in (string[])[RepositoryChild.Verb, verb, repository, passwordFile])
            {
                start.ArgumentList.Add(argument);
            }

            return start;
        });
    }

    public static Contender Restic(string folder, string passwordFile)
    {
        var repository = Path.Combine(folder, "restic");
        return new Contender(repository, verb =>
        {
            var start = new ProcessStartInfo("restic");
            string[] arguments = verb switch
            {
                "init" => ["init", "--repository-version", "2"],
                "backup" => ["backup", "--stdin", "--stdin-filename", "dump.sql", "--quiet"],
                "dump" => ["dump", "latest", "/dump.sql"],
                _ => ["check", "--read-data", "--quiet"],
            };
            foreach (var argument in (string[])["--no-cache", "-r", repository, "--password-file", passwordFile, .. arguments])
            {
                start.ArgumentList.Add(argument);
            }

            return start;
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
        await Console.Error.WriteLineAsync($"{Path.GetFileName(folder)}: backup {backups[^1]:F2} s, dump {dumps[^1]:F2} s, check {checks[^1]:F2} s, {Size / 1048576.0:F1} MiB, peak {PeakMebibytes:F0} MiB");
    }

    private async Task<double> Time(string verb, string? input, string? expected)
    {
        var start = command(verb);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
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

        if (verb is "backup" && text.IndexOf("VmHWM:", StringComparison.Ordinal) is >= 0 and var at)
        {
            peaks.Add(double.Parse(text[(at + 6)..text.IndexOf("kB", at, StringComparison.Ordinal)], CultureInfo.InvariantCulture) / 1024);
        }

        return clock.Elapsed.TotalSeconds;
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
