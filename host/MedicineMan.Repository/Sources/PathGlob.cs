using MedicineMan.Repository.Files;
using MedicineMan.Repository.Patterns;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Sources;

/// <summary>Finds the paths a pattern stands for, as Go's <c>filepath.Glob</c> does: wildcards within names, hidden names among them, folders that can't be read passed over.</summary>
public static class PathGlob
{
    /// <summary>The paths, in order. A pattern without wildcards is a path, there or not.</summary>
    /// <exception cref="UserFacingException">A bracket or a backslash is not finished.</exception>
    public static IReadOnlyList<string> Find(string pattern)
    {
        if (!pattern.AsSpan().ContainsAny("*?[\\"))
        {
            return [pattern];
        }

        List<string> found = [pattern.StartsWith('/') ? "/" : ""];
        foreach (var name in pattern.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var matcher = Matcher(name, pattern);
            found = [.. found.SelectMany(folder => matcher is null ? [Below(folder, name)] : Names(folder).Where(entry => matcher.Matches(Format.FileName.Encode(entry))).Select(entry => Below(folder, entry)))];
        }

        return [.. found.Where(IsThere)];
    }

    private static NamePattern? Matcher(string name, string pattern)
    {
        try
        {
            return name.AsSpan().ContainsAny("*?[\\") ? new NamePattern(name) : null;
        }
        catch (Exception failure) when (failure is FormatException or ArgumentException)
        {
            throw new UserFacingException($"\"{pattern}\" is no pattern: {failure.Message}. Paths that are meant letter by letter are for --files-from-verbatim.", failure) { Permanent = true };
        }
    }

    private static string Below(string folder, string name) => folder.Length == 0 ? name : SourceFilter.Join(folder, name);

    private static List<string> Names(string folder)
    {
        try
        {
            return Posix.Names(folder.Length == 0 ? "." : folder);
        }
        catch (PosixException)
        {
            return [];
        }
    }

    private static bool IsThere(string path)
    {
        try
        {
            Posix.Facts(path);
            return true;
        }
        catch (PosixException)
        {
            return false;
        }
    }
}
