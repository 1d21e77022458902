using MedicineMan.Repository.Patterns;

namespace MedicineMan.Repository.Restoring;

/// <summary>Which entries of a snapshot are restored.</summary>
internal sealed class Selection(RestoreOptions options)
{
    private readonly List<PathPatterns> include = [.. options.Include.Where(patterns => !patterns.IsEmpty)];
    private readonly List<PathPatterns> exclude = [.. options.Exclude.Where(patterns => !patterns.IsEmpty)];

    /// <summary>Nobody need put a path together.</summary>
    public bool IsAll => include.Count == 0 && exclude.Count == 0;

    /// <summary>Whether an entry is restored, and whether something below it can be.</summary>
    public (bool Chosen, bool Below) Of(IReadOnlyList<string> names)
    {
        var path = "/" + string.Join('/', names);
        if (exclude.Exists(patterns => patterns.Match(path).IsMatch))
        {
            return (false, false);
        }

        var isChosen = include.Count == 0;
        var mayBeBelow = isChosen;
        foreach (var patterns in include)
        {
            var match = patterns.Match(path);
            (isChosen, mayBeBelow) = (isChosen || match.IsMatch, mayBeBelow || match.MayMatchBelow);
        }

        return (isChosen, mayBeBelow);
    }
}
