using MedicineMan.Repository.Indexing;

namespace MedicineMan.Repository.Pruning;

/// <summary>
/// All blobs of a repository with a byte of marks each. Memory holds marks and hash table, 8 bytes a blob; the ids of a large repository are in a file.
/// Filled from one thread, then sealed, then marked from many.
/// </summary>
internal sealed class BlobTable
{
    private readonly Lock gate = new();
    private readonly BlobColumns columns = new();
    private readonly IdTable table;
    private byte[] marks = [];

    public BlobTable() => table = new IdTable(columns);

    /// <summary>How many times a blob was added that was there already.</summary>
    public long Copies { get; private set; }

    public void Add(BlobKind kind, ObjectId id)
    {
        if (table.Find(kind, id) >= 0)
        {
            Copies++;
            return;
        }

        table.Add(columns.Add(0, new BlobEntry(id, kind, 0, 0, 0, 0)), id);
    }

    /// <summary>Ends the filling.</summary>
    public void Seal() => marks = new byte[columns.Count];

    public bool Contains(BlobKind kind, ObjectId id)
    {
        lock (gate)
        {
            return table.Find(kind, id) >= 0;
        }
    }

    public bool Has(BlobKind kind, ObjectId id, BlobMarks mark)
    {
        lock (gate)
        {
            return table.Find(kind, id) is >= 0 and var at && (marks[at] & (byte)mark) != 0;
        }
    }

    /// <summary>Marks a blob.</summary>
    /// <returns>True when it is known and had no such mark before.</returns>
    public bool Mark(BlobKind kind, ObjectId id, BlobMarks mark)
    {
        lock (gate)
        {
            if (table.Find(kind, id) is not (>= 0 and var at) || (marks[at] & (byte)mark) != 0)
            {
                return false;
            }

            marks[at] |= (byte)mark;
            return true;
        }
    }

    /// <summary>How many blobs have one mark and lack another.</summary>
    public long Count(BlobMarks has, BlobMarks lacks) => marks.LongCount(each => (each & (byte)has) != 0 && (each & (byte)lacks) == 0);
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
