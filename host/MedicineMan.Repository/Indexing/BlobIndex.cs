namespace MedicineMan.Repository.Indexing;

/// <summary>
/// Which blob lies where: columns of entries, and a hash table of their numbers in front, so that ten million blobs are a handful of large arrays and a
/// look-up is two or three fetches from memory. Safe for concurrent use.
/// </summary>
internal sealed class BlobIndex
{
    private readonly Lock gate = new();
    private readonly List<ObjectId> packs = [];
    private readonly Dictionary<ObjectId, int> packNumbers = [];
    private readonly BlobColumns columns;
    private readonly IdTable table;
    private readonly HashSet<(BlobKind Kind, ObjectId Id)> claimed = [];

    public BlobIndex()
        : this(new BlobColumns())
    {
    }

    internal BlobIndex(BlobColumns columns) => (this.columns, table) = (columns, new IdTable(columns));

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
                return columns.Count;
            }
        }
    }

    /// <summary>How many of them are stored elsewhere already.</summary>
    public long Copies { get; private set; }

    /// <summary>Adds stored packs with their blobs.</summary>
    public void Add(IReadOnlyList<IndexedPack> added)
    {
        lock (gate)
        {
            foreach (var pack in added)
            {
                Add(pack);
            }
        }
    }

    /// <summary>Takes on the storing of a blob that is neither stored nor being stored.</summary>
    /// <returns>False when there is nothing to do.</returns>
    public bool TryClaim(BlobKind kind, ObjectId id)
    {
        lock (gate)
        {
            return table.Find(kind, id) < 0 && claimed.Add((kind, id));
        }
    }

    /// <returns>The blob's number, the same as long as the index is there; -1 when it has none such.</returns>
    public int Find(BlobKind kind, ObjectId id)
    {
        lock (gate)
        {
            return table.Find(kind, id);
        }
    }

    public bool TryFind(BlobKind kind, ObjectId id, out BlobEntry entry)
    {
        lock (gate)
        {
            var number = table.Find(kind, id);
            entry = number < 0 ? default : columns.Entry(number);
            return number >= 0;
        }
    }

    /// <summary>Every place a blob is stored in: after an interrupted backup there can be more than one.</summary>
    public List<BlobEntry> FindAll(BlobKind kind, ObjectId id)
    {
        var found = new List<BlobEntry>(1);
        lock (gate)
        {
            for (var matches = table.Find(id); matches.MoveNext();)
            {
                if (columns.Kind(matches.Current) == kind)
                {
                    found.Add(columns.Entry(matches.Current));
                }
            }
        }

        return found;
    }

    public ObjectId PackId(int number)
    {
        lock (gate)
        {
            return packs[number];
        }
    }

    /// <summary>All packs with their blobs in the order they lie in: for checks. What is added later is not in it.</summary>
    public List<IndexedPack> ByPack()
    {
        lock (gate)
        {
            var runs = new List<(int First, int End)>[packs.Count];
            for (var run = 0; run < columns.Runs.Count; run++)
            {
                (runs[columns.Runs[run].Pack] ??= new(1)).Add((columns.Runs[run].First, columns.EndOf(run)));
            }

            return [.. packs.Select((id, i) => new IndexedPack(id, new PackBlobs(this, runs[i] is { } of ? [.. of.OrderBy(run => columns.Offset(run.First))] : [])))];
        }
    }

    /// <summary>The blob with this number.</summary>
    public BlobEntry Entry(int number)
    {
        lock (gate)
        {
            return columns.Entry(number);
        }
    }

    /// <inheritdoc cref="BlobColumns.Part"/>
    public (long Start, long End) Part(int number, int size, int beyond)
    {
        lock (gate)
        {
            return columns.Part(number, size, beyond);
        }
    }

    private void Add(IndexedPack pack)
    {
        var isKnown = packNumbers.TryGetValue(pack.Id, out var number);
        if (!isKnown)
        {
            packNumbers[pack.Id] = number = packs.Count;
            packs.Add(pack.Id);
        }

        var blobs = pack.Blobs;
        for (var i = 1; i < blobs.Count; i++)
        {
            if (blobs[i].Offset < blobs[i - 1].Offset)
            {
                blobs = [.. blobs.OrderBy(blob => blob.Offset)];
                break;
            }
        }

        for (var i = 0; i < blobs.Count; i++)
        {
            var blob = blobs[i];
            claimed.Remove((blob.Kind, blob.Id));
            // Several index files may list one pack.
            if (!isKnown || !IsListed(number, blob))
            {
                Copies += table.Find(blob.Kind, blob.Id) >= 0 ? 1 : 0;
                table.Add(columns.Add(number, blob), blob.Id);
            }
        }
    }

    private bool IsListed(int pack, in BlobEntry blob)
    {
        for (var matches = table.Find(blob.Id); matches.MoveNext();)
        {
            var listed = columns.Entry(matches.Current);
            if (listed.Kind == blob.Kind && listed.Pack == pack && listed.Offset == blob.Offset)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>A stored pack and what lies in it.</summary>
internal sealed record IndexedPack(ObjectId Id, IReadOnlyList<BlobEntry> Blobs);
