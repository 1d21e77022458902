using MedicineMan.Repository.Crypto;

namespace MedicineMan.Repository.Indexing;

internal enum BlobKind : byte
{
    Data,
    Tree,
}

/// <summary>Where a blob lies. A struct of 52 bytes: an index of a million blobs is one array, not a million objects.</summary>
/// <param name="Id">SHA-256 of the plain blob.</param>
/// <param name="Kind">Data or tree.</param>
/// <param name="Pack">Number of the pack in the index that holds this entry.</param>
/// <param name="Offset">In the pack.</param>
/// <param name="Length">Stored bytes, sealed.</param>
/// <param name="UncompressedLength">Plain bytes when compressed; 0 when stored raw.</param>
internal readonly record struct BlobEntry(ObjectId Id, BlobKind Kind, int Pack, uint Offset, uint Length, uint UncompressedLength)
{
    public bool IsCompressed => UncompressedLength != 0;

    public uint PlainLength => IsCompressed ? UncompressedLength : Length - Sealer.Overhead;
}
