namespace MedicineMan.Repository.Caching;

/// <summary>The caches of repositories in a folder of this machine, one folder each under the repository's id.</summary>
public static class RepositoryCaches
{
    /// <summary>Where they are unless somebody says otherwise.</summary>
    public static string DefaultFolder => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "medicineman");

    /// <summary>All of them. A folder that is none is left out.</summary>
    public static IReadOnlyList<RepositoryCacheEntry> List(string folder) => !Directory.Exists(folder) ? [] :
    [
        .. new DirectoryInfo(folder).EnumerateDirectories()
            .Where(cache => ObjectId.TryParse(cache.Name, out _))
            .Select(cache => new RepositoryCacheEntry(cache.Name, new DateTimeOffset(cache.LastWriteTimeUtc), cache.EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length)))
            .OrderBy(cache => cache.LastUsed),
    ];

    /// <summary>Removes those that were not used since a time.</summary>
    /// <returns>Them.</returns>
    public static IReadOnlyList<RepositoryCacheEntry> RemoveUnusedSince(string folder, DateTimeOffset time, bool dryRun)
    {
        var unused = List(folder).Where(cache => cache.LastUsed < time).ToList();
        foreach (var cache in dryRun ? [] : unused)
        {
            Directory.Delete(Path.Combine(folder, cache.Repository), recursive: true);
        }

        return unused;
    }
}

/// <summary>A cache.</summary>
/// <param name="Repository">Id of the repository.</param>
/// <param name="LastUsed">When it was last opened with this cache.</param>
/// <param name="Bytes">What it takes.</param>
public sealed record RepositoryCacheEntry(string Repository, DateTimeOffset LastUsed, long Bytes);
