using System.Text;
using System.Text.RegularExpressions;

namespace MedicineMan.Repository.Looking;

/// <summary>
/// A pattern for paths with restic's meaning: <c>*</c>, <c>?</c> and <c>[…]</c> within a name, <c>**</c> for any number of names; from the root when it
/// starts with <c>/</c>, else anywhere. What stands below a place that matches, matches as well.
/// </summary>
internal sealed class PathPattern
{
    private readonly bool isRooted;
    private readonly List<Regex?> parts;

    public PathPattern(string pattern, bool ignoreCase)
    {
        isRooted = pattern.StartsWith('/');
        // No backtracking: a pattern is somebody's input.
        var options = RegexOptions.NonBacktracking | RegexOptions.Singleline | RegexOptions.CultureInvariant | (ignoreCase ? RegexOptions.IgnoreCase : RegexOptions.None);
        parts = [.. pattern.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(part => part is "**" ? null : new Regex(Translate(part), options))];
    }

    public bool Matches(IReadOnlyList<string> path)
    {
        for (var start = 0; start <= (isRooted ? 0 : path.Count); start++)
        {
            if (parts.Count > 0 && Matches(path, start, 0))
            {
                return true;
            }
        }

        return false;
    }

    private bool Matches(IReadOnlyList<string> path, int at, int part)
    {
        if (part == parts.Count)
        {
            return true;
        }

        if (parts[part] is { } name)
        {
            return at < path.Count && name.IsMatch(path[at]) && Matches(path, at + 1, part + 1);
        }

        for (var skip = at; skip <= path.Count; skip++)
        {
            if (Matches(path, skip, part + 1))
            {
                return true;
            }
        }

        return false;
    }

    private static string Translate(string part)
    {
        var regex = new StringBuilder("\\A");
        for (var i = 0; i < part.Length; i++)
        {
            var end = part[i] is '[' ? part.IndexOf(']', Math.Min(part.Length, i + 2)) : -1;
            if (end > 0)
            {
                var set = part[(i + 1)..end];
                var negated = set[0] is '^' or '!';
                regex.Append(negated ? "[^" : "[").Append((negated ? set[1..] : set).Replace("\\", @"\\", StringComparison.Ordinal).Replace("[", @"\[", StringComparison.Ordinal)).Append(']');
                i = end;
            }
            else if (part[i] is '\\' && i + 1 < part.Length)
            {
                regex.Append(Regex.Escape(part[++i].ToString()));
            }
            else
            {
                regex.Append(part[i] switch { '*' => ".*", '?' => ".", var letter => Regex.Escape(letter.ToString()) });
            }
        }

        return regex.Append("\\z").ToString();
    }
}
