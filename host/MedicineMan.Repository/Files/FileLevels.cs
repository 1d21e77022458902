using System.Collections.Concurrent;
using MedicineMan.Repository.Writing;

namespace MedicineMan.Repository.Files;

/// <summary>
/// Choices of zstd's level by the ends of file names: files of a kind compress alike. Tried anew for each small file, the trials took two fifths of all
/// processor time.
/// </summary>
internal sealed class FileLevels
{
    private const int MostKinds = 1000;

    private readonly ConcurrentDictionary<string, LevelChoice> kinds = new(StringComparer.OrdinalIgnoreCase);
    private readonly LevelChoice other = new();

    public LevelChoice For(string path)
    {
        var kind = Path.GetExtension(path);
        return kinds.TryGetValue(kind, out var known) ? known : kinds.Count < MostKinds ? kinds.GetOrAdd(kind, _ => new LevelChoice()) : other;
    }
}
