using MedicineMan.Repository.Format;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Patterns;

/// <summary>
/// A pattern for paths with restic's meaning: a <see cref="NamePattern"/> for each name, <c>**</c> for any number of names; from the root when it
/// starts with <c>/</c>, else anywhere. What stands below a place that matches, matches as well.
/// </summary>
internal sealed class PathPattern
{
    private readonly bool isRooted;

    // What stands between one ** and the next.
    private readonly List<List<NamePattern>> runs = [[]];

    /// <exception cref="UserFacingException">A bracket or a backslash in it is not finished.</exception>
    public PathPattern(string pattern, bool ignoreCase)
    {
        IsNegated = pattern.StartsWith('!');
        var path = IsNegated ? pattern[1..] : pattern;
        isRooted = path.StartsWith('/');
        try
        {
            foreach (var part in Clean(Case(path, ignoreCase)))
            {
                if (part is "**")
                {
                    runs.Add([]);
                }
                else
                {
                    runs[^1].Add(new NamePattern(part));
                }
            }
        }
        catch (Exception failure) when (failure is FormatException or ArgumentException)
        {
            throw new UserFacingException(
                $"\"{pattern}\" is no pattern: {failure.Message}. Write \\[ or \\\\ for a bracket or a backslash that stands for itself.", failure) { Permanent = true };
        }
    }

    /// <summary>True when it starts with <c>!</c>, which means something in a list only.</summary>
    public bool IsNegated { get; }

    public bool Matches(in SplitPath path)
    {
        var at = 0;
        for (var i = 0; i < runs.Count; i++)
        {
            // The first place that fits is as good as any later one: nothing has to end where the path does.
            var last = path.Count - runs[i].Count;
            var start = at;
            while (start <= last && !Fits(runs[i], path, start, runs[i].Count))
            {
                start = isRooted && i == 0 ? path.Count + 1 : start + 1;
            }

            if (start > last)
            {
                return false;
            }

            at = start + runs[i].Count;
        }

        return true;
    }

    /// <summary>True when something below the path could match.</summary>
    public bool MayMatchBelow(in SplitPath path) => !isRooted || Fits(runs[0], path, 0, Math.Min(runs[0].Count, path.Count));

    /// <summary>Large letters as small ones, in a pattern and in what it is held against.</summary>
    public static string Case(string text, bool ignoreCase) => ignoreCase ? text.ToLowerInvariant() : text;

    private static bool Fits(List<NamePattern> run, in SplitPath path, int start, int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (!run[i].Matches(path[start + i]))
            {
                return false;
            }
        }

        return true;
    }

    // As Go's filepath.Clean: no empty names, no detours. The root alone means all that is in it.
    private List<string> Clean(string path)
    {
        var names = new List<string>();
        foreach (var name in path.Split('/').Where(name => name is not ("" or ".")))
        {
            if (name is ".." && names.Count > 0 && names[^1] is not "..")
            {
                names.RemoveAt(names.Count - 1);
            }
            else if (name is not ".." || !isRooted)
            {
                names.Add(name);
            }
        }

        return names.Count > 0 ? names : isRooted ? ["**"] : ["."];
    }
}

/// <summary>A path as bytes, taken apart once for all patterns.</summary>
internal readonly ref struct SplitPath
{
    private readonly ReadOnlySpan<byte> bytes;
    private readonly List<Range> names;

    public SplitPath(string path)
    {
        bytes = FileName.Encode(path);
        names = new List<Range>(16);
        foreach (var name in bytes.Split((byte)'/'))
        {
            if (!name.Start.Equals(name.End))
            {
                names.Add(name);
            }
        }
    }

    public int Count => names.Count;

    public ReadOnlySpan<byte> this[int index] => bytes[names[index]];
}
