using MedicineMan.Repository.Files;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Sources;

/// <summary>
/// Decides what of the sources is left out. Sources that were named themselves never are, nor are the folders on the way from one source to another
/// within it.
/// </summary>
internal sealed class SourceFilter
{
    private const uint KindMask = 0xF000;
    private const uint Folder = 0x4000;
    private const uint Socket = 0xC000;

    private readonly SourceOptions options;
    private readonly List<MarkerFile> markers;
    private readonly HashSet<string> named;
    private readonly HashSet<string> onTheWay;
    private readonly Dictionary<string, ulong> devices = [];

    /// <param name="options">What is not wanted.</param>
    /// <param name="sources">Absolute and clean.</param>
    /// <param name="remark">Told what else should be known.</param>
    public SourceFilter(SourceOptions options, IReadOnlyList<string> sources, Action<string> remark)
    {
        this.options = options;
        markers = [.. options.ExcludeIfPresent.Select(text => new MarkerFile(text, remark))];
        // The root's own entries count as found, not as named.
        named = [.. sources.Where(source => source is not "/")];
        onTheWay = [.. named.SelectMany(Above)];
        var all = sources.ToHashSet();
        Outermost = [.. all.Where(source => !Above(source).Any(all.Contains)).Order(StringComparer.Ordinal)];
        foreach (var source in options.OneFileSystem ? sources : [])
        {
            devices[source] = Posix.Facts(source).Device;
        }
    }

    public SourceOptions Options => options;

    /// <summary>The sources that lie in no other one, those in one folder one after the other.</summary>
    public IReadOnlyList<string> Outermost { get; }

    /// <summary>By its path alone, before anything is asked of it.</summary>
    public bool LeavesOut(string path) => options.Excludes.Any(patterns => patterns.Match(path).IsMatch) && !IsWanted(path) && Tell(path);

    public bool LeavesOut(string path, in FileFacts facts)
    {
        var kind = facts.Mode & KindMask;
        // A socket is nothing without the program behind it; restic knows no place for it either.
        return (kind is Socket || (!IsWanted(path) && ((kind is not Folder && facts.Size > (ulong)(options.ExcludeLargerThan ?? long.MaxValue)) || IsElsewhere(path, facts, kind))))
            && Tell(path);
    }

    /// <summary>True for a source.</summary>
    public bool IsNamed(string path) => named.Contains(path);

    /// <summary>What of a folder's names is looked at.</summary>
    public List<string> Wanted(string folder, List<string> names)
    {
        foreach (var marker in markers.Where(marker => names.Count > 0 && marker.Marks(folder)))
        {
            names = names.FindAll(name => name == marker.Name || IsWanted(Join(folder, name)) || !Tell(Join(folder, name)));
        }

        return names;
    }

    public static string Join(string folder, string name) => folder is "/" ? folder + name : $"{folder}/{name}";

    private static IEnumerable<string> Above(string path)
    {
        for (var end = path.LastIndexOf('/'); path.Length > 1 && end >= 0; end = end == 0 ? -1 : path.LastIndexOf('/', end - 1))
        {
            yield return end == 0 ? "/" : path[..end];
        }
    }

    private bool IsWanted(string path) => named.Contains(path) || onTheWay.Contains(path);

    // The folder on which another file system is mounted is kept, as something to mount it on again.
    private bool IsElsewhere(string path, in FileFacts facts, uint kind) =>
        options.OneFileSystem && DeviceOf(path) != facts.Device && (kind is not Folder || IsFolderElsewhere(path));

    private bool IsFolderElsewhere(string path)
    {
        var folder = Above(path).First();
        return DeviceOf(folder) != Posix.Facts(folder).Device;
    }

    private ulong DeviceOf(string path) => devices[devices.ContainsKey(path) ? path : Above(path).First(devices.ContainsKey)];

    private bool Tell(string path)
    {
        options.Each?.Invoke(new SourceItem(path, SourceChange.LeftOut));
        return true;
    }
}
