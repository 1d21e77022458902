using MedicineMan.Repository.Checking;
using MedicineMan.Repository.Indexing;

namespace MedicineMan.Repository.Pruning;

/// <summary>What a prune knows of one pack: sums, not blobs.</summary>
internal sealed class PackTally(ObjectId id, ObjectId firstFile)
{
    public ObjectId Id => id;

    /// <summary>The index file that counts. After a crash others may list the same.</summary>
    public ObjectId FirstFile => firstFile;

    /// <summary>Blobs in the first listing, to tell whether another one says something else.</summary>
    public int Blobs { get; private set; }

    /// <summary>True when listings differ: then all of them together count.</summary>
    public bool ListingsDiffer { get; private set; }

    /// <summary>Bytes on the storage; -1 when it is missing.</summary>
    public long StoredLength { get; set; } = -1;

    /// <summary>Bytes it must have.</summary>
    public long ExpectedLength { get; private set; }

    public bool IsWhole => StoredLength == ExpectedLength && !ListingsDiffer;

    public bool HasTrees { get; private set; }

    public bool HasData { get; private set; }

    public bool HasUncompressed { get; private set; }

    /// <summary>Blobs that no snapshot needs.</summary>
    public long Dead { get; set; }

    public PruneAmount Used { get; private set; }

    public PruneAmount Unused { get; private set; }

    public PackFate Fate { get; set; }

    public void Note(IndexedPack pack)
    {
        if (Blobs > 0)
        {
            ListingsDiffer |= Blobs != pack.Blobs.Count;
            return;
        }

        Blobs = pack.Blobs.Count;
        ExpectedLength = PackCheck.LengthOf(pack);
        foreach (var blob in pack.Blobs)
        {
            HasTrees |= blob.Kind == BlobKind.Tree;
            HasData |= blob.Kind == BlobKind.Data;
            HasUncompressed |= !blob.IsCompressed;
        }
    }

    public void CountUsed(BlobEntry blob) => Used = new PruneAmount(Used.Blobs + 1, Used.Bytes + blob.Length);

    public void CountUnused(BlobEntry blob) => Unused = new PruneAmount(Unused.Blobs + 1, Unused.Bytes + blob.Length);
}

internal enum PackFate
{
    Keep,
    Repack,
    Remove,
}
