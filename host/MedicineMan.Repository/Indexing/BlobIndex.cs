namespace MedicineMan.Repository.Indexing;

/// <summary>
/// Which blob lies where. Sorted arrays of structs, merged as they grow, so that lookups are an interpolation search and memory is 52 bytes
/// a blob. Safe for concurrent use.
/// </summary>
internal sealed class BlobIndex
{
    private static readonly Comparison<BlobEntry> ById = (left, right) => left.Id.CompareTo(right.Id);

    private readonly Lock gate = new();
    private readonly List<ObjectId> packs = [];
    private readonly Dictionary<ObjectId, int> packNumbers = [];
    private readonly List<BlobEntry[]> dataRuns = [];
    private readonly List<BlobEntry[]> treeRuns = [];
    private readonly HashSet<(BlobKind Kind, ObjectId Id)> claimed = [];

    public int PackCount
    {
        get
        {
            lock (gate)
            {
                return packs.Count;
            }
        }
    }

    public long BlobCount
    {
        get
        {
            lock (gate)
            {
                return dataRuns.Sum(run => (long)run.Length) + treeRuns.Sum(run => (long)run.Length);
            }
        }
    }

    /// <summary>Adds stored packs with their blobs.</summary>
    public void Add(IReadOnlyList<IndexedPack> added)
    {
        var data = new List<BlobEntry>();
        var trees = new List<BlobEntry>();
        lock (gate)
        {
            foreach (var pack in added)
            {
                var known = packNumbers.TryGetValue(pack.Id, out var number);
                if (!known)
                {
                    packNumbers[pack.Id] = number = packs.Count;
                    packs.Add(pack.Id);
                }

                foreach (var blob in pack.Blobs)
                {
                    claimed.Remove((blob.Kind, blob.Id));
                    // The index file of a backup in this process says again what is known already.
                    if (known && FindAllUnlocked(blob.Kind, blob.Id).Exists(place => place.Pack == number && place.Offset == blob.Offset))
                    {
                        continue;
                    }

                    (blob.Kind == BlobKind.Tree ? trees : data).Add(blob with { Pack = number });
                }
            }

            AddRun(dataRuns, data);
            AddRun(treeRuns, trees);
        }
    }

    /// <summary>Takes on the storing of a blob that is neither stored nor being stored.</summary>
    /// <returns>False when there is nothing to do.</returns>
    public bool TryClaim(BlobKind kind, ObjectId id)
    {
        lock (gate)
        {
            return !TryFindUnlocked(kind, id, out _) && claimed.Add((kind, id));
        }
    }

    /// <summary>Gives up claims on blobs that were never stored, so that a later backup in this process stores them.</summary>
    public void ForgetClaims()
    {
        lock (gate)
        {
            claimed.Clear();
        }
    }

    public bool TryFind(BlobKind kind, ObjectId id, out BlobEntry entry)
    {
        lock (gate)
        {
            return TryFindUnlocked(kind, id, out entry);
        }
    }

    /// <summary>Every place a blob is stored in: after an interrupted backup there can be more than one.</summary>
    public List<BlobEntry> FindAll(BlobKind kind, ObjectId id)
    {
        lock (gate)
        {
            return FindAllUnlocked(kind, id);
        }
    }

    public ObjectId PackId(int number)
    {
        lock (gate)
        {
            return packs[number];
        }
    }

    /// <summary>All packs with their blobs in the order they lie in: for checks.</summary>
    public List<IndexedPack> ByPack()
    {
        lock (gate)
        {
            var blobs = packs.Select(_ => new List<BlobEntry>()).ToArray();
            foreach (var entry in dataRuns.Concat(treeRuns).SelectMany(run => run))
            {
                blobs[entry.Pack].Add(entry);
            }

            return [.. packs.Select((id, i) => new IndexedPack(id, [.. blobs[i].OrderBy(blob => blob.Offset)]))];
        }
    }

    private List<BlobEntry> FindAllUnlocked(BlobKind kind, ObjectId id)
    {
        var found = new List<BlobEntry>();
        foreach (var run in kind == BlobKind.Tree ? treeRuns : dataRuns)
        {
            for (var i = FirstAtOrAfter(run, id); i < run.Length && run[i].Id == id; i++)
            {
                found.Add(run[i]);
            }
        }

        return found;
    }

    private bool TryFindUnlocked(BlobKind kind, ObjectId id, out BlobEntry entry)
    {
        foreach (var run in kind == BlobKind.Tree ? treeRuns : dataRuns)
        {
            var at = FirstAtOrAfter(run, id);
            if (at < run.Length && run[at].Id == id)
            {
                entry = run[at];
                return true;
            }
        }

        entry = default;
        return false;
    }

    // Runs at least double in length from last to first, so there are few of them and each entry is moved only log n times.
    private static void AddRun(List<BlobEntry[]> runs, List<BlobEntry> added)
    {
        if (added.Count == 0)
        {
            return;
        }

        added.Sort(ById);
        var run = added.ToArray();
        while (runs.Count > 0 && runs[^1].Length < 2 * run.Length)
        {
            run = Merge(runs[^1], run);
            runs.RemoveAt(runs.Count - 1);
        }

        runs.Add(run);
    }

    private static BlobEntry[] Merge(BlobEntry[] left, BlobEntry[] right)
    {
        var merged = new BlobEntry[left.Length + right.Length];
        for (int i = 0, l = 0, r = 0; i < merged.Length; i++)
        {
            merged[i] = r == right.Length || (l < left.Length && left[l].Id <= right[r].Id) ? left[l++] : right[r++];
        }

        return merged;
    }

    // Ids are evenly spread, so a few interpolation steps land next to the place; halving guards against anything else.
    private static int FirstAtOrAfter(BlobEntry[] run, ObjectId id)
    {
        int low = 0, high = run.Length;
        for (var step = 0; low < high; step++)
        {
            var middle = low + (high - low) / 2;
            if (step < 4 && high - low > 32)
            {
                var first = run[low].Id.Leading;
                var last = run[high - 1].Id.Leading;
                var fraction = last > first ? ((double)id.Leading - first) / ((double)last - first) : 0.5;
                middle = low + (int)(Math.Clamp(fraction, 0, 1) * (high - low - 1));
            }

            if (run[middle].Id < id)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}

/// <summary>A stored pack and what lies in it.</summary>
internal sealed record IndexedPack(ObjectId Id, IReadOnlyList<BlobEntry> Blobs);
