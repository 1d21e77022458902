namespace MedicineMan.Host.Plugins.Manifests;

/// Semantic versions in their order, by which 1.10.0 follows 1.9.0 and 1.0.0-beta comes before 1.0.0.
internal sealed class VersionOrder : IComparer<string>
{
    public static VersionOrder Instance { get; } = new();

    public int Compare(string? x, string? y)
    {
        var (mine, theirs) = (Split(x ?? ""), Split(y ?? ""));
        var core = Parts(mine.Core, theirs.Core);
        return core != 0 ? core
            : mine.Label.Length == 0 || theirs.Label.Length == 0 ? theirs.Label.Length.CompareTo(mine.Label.Length)
            : Parts(mine.Label, theirs.Label);
    }

    private static (string Core, string Label) Split(string version)
    {
        var plain = version.Split('+')[0];
        var dash = plain.IndexOf('-', StringComparison.Ordinal);
        return dash < 0 ? (plain, "") : (plain[..dash], plain[(dash + 1)..]);
    }

    private static int Parts(string mine, string theirs)
    {
        var (left, right) = (mine.Split('.'), theirs.Split('.'));
        for (var at = 0; at < Math.Min(left.Length, right.Length); at++)
        {
            var order = (ulong.TryParse(left[at], out var a), ulong.TryParse(right[at], out var b)) switch
            {
                (true, true) => a.CompareTo(b),
                (true, false) => -1,
                (false, true) => 1,
                _ => string.CompareOrdinal(left[at], right[at]),
            };
            if (order != 0)
            {
                return order;
            }
        }

        return left.Length.CompareTo(right.Length);
    }
}

/// Which versions an advisory means: comparisons that must all hold, such as ">=1.0.0 &lt;1.2.4".
internal sealed record VersionRange(IReadOnlyList<(string Sign, string Version)> Bounds)
{
    private static readonly string[] Signs = ["<=", ">=", "<", ">", "="];

    public bool Holds(string version) => Bounds.All(bound => VersionOrder.Instance.Compare(version, bound.Version) is var order && bound.Sign switch
    {
        "<=" => order <= 0,
        ">=" => order >= 0,
        "<" => order < 0,
        ">" => order > 0,
        _ => order == 0,
    });

    /// <returns>Null when it is no range.</returns>
    public static VersionRange? Parse(string text)
    {
        var bounds = text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(word => Array.Find(Signs, sign => word.StartsWith(sign, StringComparison.Ordinal)) is { } sign ? (sign, word[sign.Length..]) : ("", word)).ToArray();
        return bounds.Length > 0 && Array.TrueForAll(bounds, bound => bound.Item1.Length > 0 && ManifestReader.Version.IsMatch(bound.Item2)) ? new VersionRange(bounds) : null;
    }
}
