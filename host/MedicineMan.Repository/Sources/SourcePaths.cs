using MedicineMan.Repository.Files;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Sources;

/// <summary>Files and folders that are to be backed up, looked for before anything else is done.</summary>
public sealed class SourcePaths
{
    private SourcePaths(IReadOnlyList<string> present, IReadOnlyList<string> missing)
    {
        Present = present;
        Missing = missing;
    }

    /// <summary>Absolute and clean, each once.</summary>
    public IReadOnlyList<string> Present { get; }

    /// <summary>Those that are not there or can't be asked, one sentence each.</summary>
    public IReadOnlyList<string> Missing { get; }

    /// <summary>Looks for them.</summary>
    /// <param name="paths">Absolute, or relative to the current folder. Bytes that are not UTF-8 stand as lone surrogates U+DC80 to U+DCFF.</param>
    /// <exception cref="UserFacingException">None is there, or one can't be a path.</exception>
    public static SourcePaths Find(IEnumerable<string> paths)
    {
        var (present, missing) = (new List<string>(), new List<string>());
        foreach (var path in paths.Select(Absolute).Distinct(StringComparer.Ordinal))
        {
            try
            {
                Posix.Facts(path);
                present.Add(path);
            }
            catch (PosixException failure)
            {
                missing.Add(failure.Message);
            }
        }

        return present.Count > 0
            ? new SourcePaths(present, missing)
            : throw new UserFacingException(missing.Count == 1 ? Nothing(missing[0]) : $"{string.Join("; ", missing)}. There is nothing to back up at any of these paths.") { Permanent = true };
    }

    internal static string Nothing(string why) => $"{why}. There is nothing to back up at that path.";

    private static string Absolute(string path)
    {
        if (path.Length == 0 || path.Contains('\0', StringComparison.Ordinal))
        {
            throw new UserFacingException(
                path.Length == 0 ? "An empty path stands for nothing to back up." : $"A path can't hold a zero byte, but \"{path.Replace("\0", "\\0", StringComparison.Ordinal)}\" does. Lists with zero bytes are for --files-from-raw.") { Permanent = true };
        }

        return Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
    }
}
