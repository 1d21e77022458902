using System.Globalization;

namespace MedicineMan.Benchmarks;

/// <summary>One line a figure, as the tools that collect them expect it.</summary>
internal static class Figure
{
    /// <summary>Prints a figure. The target, <c>&gt;=</c> or <c>&lt;=</c> and a number, is for the ratio, or for our value where there is no peer; null for what is only looked at, which stands on a line of another kind.</summary>
    /// <param name="absolute">The target is for our value all the same; the peer's stands beside it.</param>
    public static void Print(string name, double ours, double? peer, string? target, string unit, bool absolute = false)
    {
        var ratio = peer is { } other ? ours / other : ours;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{(target is null ? "ASIDE" : "BENCH")} {name} ours={ours:F1}{unit} peer={(peer is { } value ? $"{value:F1}{unit}" : "-")} ratio={(peer is null ? "-" : $"{ratio:F3}")}{(target is null ? "" : $" target={target} {(IsMet(absolute ? ours : ratio, target) ? "ok" : "short")}")}"));
    }

    private static bool IsMet(double judged, string target)
    {
        var limit = double.Parse(target.AsSpan(2), CultureInfo.InvariantCulture);
        return target.StartsWith(">=", StringComparison.Ordinal) ? judged >= limit : judged <= limit;
    }
}
