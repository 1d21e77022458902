using MedicineMan.Repository.Indexing;

namespace MedicineMan.Repository.Checking;

/// <summary>The damage found so far, and which files each costs. Safe for concurrent use while packs are read.</summary>
internal sealed class DamageList(BlobIndex index)
{
    private const int MostAffected = 1000;
    private const string NotIndexed = "Blocks are in no index: a pack or an index file was lost.";

    private readonly Lock gate = new();
    private readonly Dictionary<string, Entry> entries = [];
    private readonly HashSet<(ObjectId Blob, int Pack)> lost = [];
    private readonly Dictionary<int, string> packMessages = [];
    private readonly Dictionary<ObjectId, ObjectId> unlisted = [];

    /// <summary>Notes what a pack that no index lists says it has.</summary>
    public void Unlisted(IndexedPack pack)
    {
        lock (gate)
        {
            foreach (var blob in pack.Blobs)
            {
                unlisted[blob.Id] = pack.Id;
            }
        }
    }

    public void Pack(IndexedPack pack, DamageKind kind, string message, IReadOnlyList<BlobEntry> blobs)
    {
        lock (gate)
        {
            entries[message] = new Entry(kind, pack.Id);
            foreach (var blob in blobs)
            {
                lost.Add((blob.Id, blob.Pack));
                packMessages[blob.Pack] = message;
            }
        }
    }

    public void Other(DamageKind kind, string message, string affected)
    {
        lock (gate)
        {
            Add(kind, message, affected);
        }
    }

    /// <summary>Notes what needs a blob if that has no intact place left.</summary>
    /// <returns>False when it is lost.</returns>
    public bool Needs(BlobKind kind, ObjectId blob, string affected)
    {
        lock (gate)
        {
            if (lost.Count == 0 && index.TryFind(kind, blob, out _))
            {
                return true;
            }

            var places = index.FindAll(kind, blob);
            if (places.Any(place => !lost.Contains((blob, place.Pack))))
            {
                return true;
            }

            // A pack that nobody lists may have it: then a new index brings it back.
            var isUnlisted = unlisted.TryGetValue(blob, out var pack);
            Add(
                isUnlisted ? DamageKind.MissingIndexEntry : DamageKind.MissingBlock,
                isUnlisted ? $"The pack {pack} has blocks that are needed, but is in no index. Repair index brings them back." : places.Count == 0 ? NotIndexed : packMessages[places[0].Pack],
                affected);
            return false;
        }
    }

    /// <summary>How many kinds of damage there are so far.</summary>
    public int Count
    {
        get
        {
            lock (gate)
            {
                return entries.Count;
            }
        }
    }

    /// <summary>The same damage, to go on from without touching this.</summary>
    public DamageList Copy()
    {
        var copy = new DamageList(index);
        lock (gate)
        {
            foreach (var (message, entry) in entries)
            {
                copy.entries[message] = new Entry(entry.Kind, entry.Pack);
                copy.entries[message].Affected.UnionWith(entry.Affected);
            }

            copy.lost.UnionWith(lost);
            packMessages.ToList().ForEach(pack => copy.packMessages[pack.Key] = pack.Value);
            unlisted.ToList().ForEach(blob => copy.unlisted[blob.Key] = blob.Value);
        }

        return copy;
    }

    public IEnumerable<CheckProblem> Problems() =>
        entries.Select(entry => new CheckProblem(entry.Value.Kind, entry.Key, entry.Value.Pack, [.. entry.Value.Affected]));

    private void Add(DamageKind kind, string message, string affected)
    {
        if (!entries.TryGetValue(message, out var entry))
        {
            entries[message] = entry = new Entry(kind, null);
        }

        if (entry.Affected.Count < MostAffected)
        {
            entry.Affected.Add(affected);
        }
    }

    private sealed record Entry(DamageKind Kind, ObjectId? Pack)
    {
        public SortedSet<string> Affected { get; } = new(StringComparer.Ordinal);
    }
}
