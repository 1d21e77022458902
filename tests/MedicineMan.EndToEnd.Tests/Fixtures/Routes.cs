using System.Text.RegularExpressions;

namespace MedicineMan.EndToEnd.Tests.Fixtures;

/// The address of every page, as the pages in the source tree say themselves: one that is added is known here at once.
internal static partial class Routes
{
    public static IReadOnlyList<string> All { get; } = [.. Pages().Concat(SecondAddresses()).Order(StringComparer.Ordinal)];

    /// Pages that need no thing to show.
    public static IReadOnlyList<string> Plain { get; } = [.. All.Where(route => !route.Contains('{', StringComparison.Ordinal))];

    /// The page an address leads to: literal parts win over parameters.
    public static string? Of(string path) => All.Where(route => Pattern(route).IsMatch(path)).OrderBy(route => route.Count(letter => letter == '{')).FirstOrDefault();

    private static Regex Pattern(string route) => new($"^{Parameter().Replace(route, "[^/]+")}$");

    private static IEnumerable<string> Pages() =>
        Source("*.cshtml").Where(text => text.StartsWith("@page", StringComparison.Ordinal)).Select(text => Directive().Match(text) is { Success: true } said
            ? said.Groups[1].Value
            : throw new InvalidOperationException($"A page names no address: {text[..60]}"));

    private static IEnumerable<string> SecondAddresses() => Source("*.cs").SelectMany(text => PageRoute().Matches(text)).Select(match => match.Groups[1].Value);

    private static IEnumerable<string> Source(string pattern) =>
        Directory.EnumerateFiles(Path.Combine(Album.Root, "host", "MedicineMan.Host"), pattern, SearchOption.AllDirectories)
            .Where(file => !file.Contains("/node_modules/", StringComparison.Ordinal)).Select(File.ReadAllText);

    [GeneratedRegex("^@page \"([^\"]+)\"")]
    private static partial Regex Directive();

    [GeneratedRegex("AddPageRoute\\(\"[^\"]+\", \"([^\"]+)\"\\)")]
    private static partial Regex PageRoute();

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter();
}
