using MedicineMan.Sdk;

namespace MedicineMan.Repository.Patterns;

/// <summary>
/// Patterns in their order, with restic's meaning: a path matches when one of them does, and no later one that starts with <c>!</c> takes it back.
/// Safe for concurrent use.
/// </summary>
public sealed class PathPatterns
{
    private readonly List<PathPattern> patterns;
    private readonly bool ignoreCase;

    /// <summary>Reads patterns. Empty ones are ignored.</summary>
    /// <param name="patterns">In the order in which they were given.</param>
    /// <param name="ignoreCase">True to take large and small letters for the same.</param>
    /// <exception cref="UserFacingException">One is malformed.</exception>
    public PathPatterns(IEnumerable<string> patterns, bool ignoreCase = false)
    {
        this.ignoreCase = ignoreCase;
        this.patterns = [.. patterns.Where(pattern => pattern.Length > 0).Select(pattern => new PathPattern(pattern, ignoreCase))];
    }

    /// <summary>True when nothing can match.</summary>
    public bool IsEmpty => patterns.Count == 0;

    /// <summary>Holds a path against them.</summary>
    /// <param name="path">From the root on, separated by <c>/</c>.</param>
    public PathMatch Match(string path)
    {
        if (IsEmpty)
        {
            return default;
        }

        var names = new SplitPath(PathPattern.Case(path, ignoreCase));
        var (matches, below) = (false, false);
        foreach (var pattern in patterns)
        {
            var matched = pattern.Matches(names);
            (matches, below) = pattern.IsNegated
                ? (matches && !matched, below && !matched)
                : (matches || matched, below || pattern.MayMatchBelow(names));
        }

        return new PathMatch(matches, below);
    }
}

/// <summary>What patterns say to a path.</summary>
/// <param name="IsMatch">It matches.</param>
/// <param name="MayMatchBelow">Something below it may match, so a folder is worth entering.</param>
public readonly record struct PathMatch(bool IsMatch, bool MayMatchBelow);
