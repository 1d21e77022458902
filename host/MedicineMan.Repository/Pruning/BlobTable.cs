using MedicineMan.Repository.Indexing;

namespace MedicineMan.Repository.Pruning;

/// <summary>
/// All blobs of a repository with a byte of marks each: 17 bytes a blob, where an index entry takes 56, so that ten million fit into 170 MB. Half an
/// id stands for the whole: two that share 128 bits of a SHA-256 do not occur. Filled from one thread, then sealed, then marked from many.
/// </summary>
internal sealed class BlobTable
{
    private const int Buckets = 256;

    private readonly Bucket[] data = [.. Enumerable.Range(0, Buckets).Select(_ => new Bucket())];
    private readonly Bucket[] trees = [.. Enumerable.Range(0, Buckets).Select(_ => new Bucket())];

    /// <summary>How many times a blob was added that was there already.</summary>
    public long Copies { get; private set; }

    public void Add(BlobKind kind, ObjectId id) => BucketOf(kind, id).Add(id.LeadingHalf);

    /// <summary>Ends the filling.</summary>
    public void Seal()
    {
        foreach (var bucket in data.Concat(trees))
        {
            Copies += bucket.Seal();
        }
    }

    public bool Contains(BlobKind kind, ObjectId id) => BucketOf(kind, id).Find(id.LeadingHalf) >= 0;

    public bool Has(BlobKind kind, ObjectId id, BlobMarks mark)
    {
        var bucket = BucketOf(kind, id);
        var at = bucket.Find(id.LeadingHalf);
        return at >= 0 && (Volatile.Read(ref bucket.Marks[at]) & (byte)mark) != 0;
    }

    /// <summary>Marks a blob.</summary>
    /// <returns>True when it is known and had no such mark before.</returns>
    public bool Mark(BlobKind kind, ObjectId id, BlobMarks mark)
    {
        var bucket = BucketOf(kind, id);
        var at = bucket.Find(id.LeadingHalf);
        if (at < 0)
        {
            return false;
        }

        ref var marks = ref bucket.Marks[at];
        while (Volatile.Read(ref marks) is var before && (before & (byte)mark) == 0)
        {
            if (Interlocked.CompareExchange(ref marks, (byte)(before | (byte)mark), before) == before)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>How many blobs have one mark and lack another.</summary>
    public long Count(BlobMarks has, BlobMarks lacks) =>
        data.Concat(trees).Sum(bucket => bucket.Marks.LongCount(marks => (marks & (byte)has) != 0 && (marks & (byte)lacks) == 0));

    private Bucket BucketOf(BlobKind kind, ObjectId id) => (kind == BlobKind.Tree ? trees : data)[(int)(id.Leading >> 56)];

    private sealed class Bucket
    {
        private UInt128[] ids = [];
        private int count;

        public byte[] Marks { get; private set; } = [];

        public void Add(UInt128 id)
        {
            if (count == ids.Length)
            {
                // By a quarter, one bucket at a time: growing never needs much more than the table itself.
                Array.Resize(ref ids, Math.Max(16, count + count / 4));
            }

            ids[count++] = id;
        }

        public int Seal()
        {
            Array.Sort(ids, 0, count);
            var distinct = 0;
            for (var i = 0; i < count; i++)
            {
                if (i == 0 || ids[i] != ids[i - 1])
                {
                    ids[distinct++] = ids[i];
                }
            }

            var copies = count - distinct;
            count = distinct;
            Marks = new byte[count];
            return copies;
        }

        public int Find(UInt128 id) => Array.BinarySearch(ids, 0, count, id);
    }
}

/// <summary>What is known of a blob while pruning.</summary>
[Flags]
internal enum BlobMarks : byte
{
    /// <summary>A snapshot needs it.</summary>
    Used = 1,

    /// <summary>The copy that stays has been chosen.</summary>
    Placed = 2,

    /// <summary>It lies in a pack that stays, or has been taken into a new one.</summary>
    Listed = 4,

    /// <summary>An index file that stays lists it in a pack that stays.</summary>
    Proven = 8,
}
