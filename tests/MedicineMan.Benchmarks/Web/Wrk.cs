using System.Globalization;
using System.Text.RegularExpressions;
using MedicineMan.Testbed;

namespace MedicineMan.Benchmarks.Web;

/// <summary>Load from wrk: two threads, 32 connections.</summary>
internal static partial class Wrk
{
    public static Load Run(Uri address, string cookie, int seconds)
    {
        var output = Programs.Run(Programs.Require("wrk"), ["-t2", "-c32", $"-d{seconds}s", "--latency", "-H", $"Cookie: {cookie}", address.ToString()]);
        if (output.Contains("Non-2xx", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"Not every page was served: {output}");
        }

        return new Load(Number(PerSecond().Match(output).Groups[1].Value), Milliseconds(Slowest().Match(output)));
    }

    private static double Milliseconds(Match match) => Number(match.Groups[1].Value) * match.Groups[2].Value switch { "us" => 0.001, "ms" => 1, "s" => 1000, _ => 60_000 };

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex PerSecond();

    [GeneratedRegex(@"99%\s+([\d.]+)(us|ms|s|m)")]
    private static partial Regex Slowest();
}

/// <summary>What came back: pages a second, and the 99th percentile of the time for one.</summary>
internal sealed record Load(double PagesPerSecond, double P99Milliseconds);
