using System.Buffers.Binary;
using MedicineMan.Repository.Crypto;
using MedicineMan.Repository.Indexing;

namespace MedicineMan.Repository.Format;

/// <summary>The sealed list of blobs at the end of a pack, followed by its length in four bytes.</summary>
internal static class PackHeader
{
    public const int LengthSize = 4;
    public const int PlainEntrySize = 1 + 4 + ObjectId.Size;
    public const int CompressedEntrySize = PlainEntrySize + 4;

    public const int MaximumSize = 16 << 20;

    public static byte[] Write(IReadOnlyList<BlobEntry> blobs, Sealer sealer)
    {
        var plain = new byte[blobs.Sum(blob => blob.IsCompressed ? CompressedEntrySize : PlainEntrySize)];
        var rest = plain.AsSpan();
        foreach (var blob in blobs)
        {
            rest[0] = (byte)((blob.Kind == BlobKind.Tree ? 1 : 0) | (blob.IsCompressed ? 2 : 0));
            BinaryPrimitives.WriteUInt32LittleEndian(rest[1..], blob.Length);
            rest = rest[5..];
            if (blob.IsCompressed)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(rest, blob.UncompressedLength);
                rest = rest[4..];
            }

            blob.Id.CopyTo(rest);
            rest = rest[ObjectId.Size..];
        }

        var stored = new byte[plain.Length + Sealer.Overhead + LengthSize];
        sealer.Seal(plain, stored.AsSpan(0, plain.Length + Sealer.Overhead));
        BinaryPrimitives.WriteInt32LittleEndian(stored.AsSpan(stored.Length - LengthSize), plain.Length + Sealer.Overhead);
        return stored;
    }

    /// <summary>Reads the header out of a whole pack.</summary>
    /// <returns>Null when the pack has none that this key opens.</returns>
    public static List<BlobEntry>? TryRead(ReadOnlySpan<byte> pack, Sealer sealer)
    {
        if (pack.Length < LengthSize)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(pack[^LengthSize..]);
        if (length < Sealer.Overhead || length > MaximumSize || length > pack.Length - LengthSize)
        {
            return null;
        }

        var plain = new byte[length - Sealer.Overhead];
        return sealer.TryOpen(pack[^(int)(length + LengthSize)..^LengthSize], plain) ? TryParse(plain) : null;
    }

    public static List<BlobEntry>? TryParse(ReadOnlySpan<byte> plain)
    {
        var blobs = new List<BlobEntry>();
        uint offset = 0;
        while (plain.Length > 0)
        {
            var type = plain[0];
            var compressed = (type & 2) != 0;
            var size = compressed ? CompressedEntrySize : PlainEntrySize;
            if (type > 3 || plain.Length < size)
            {
                return null;
            }

            var length = BinaryPrimitives.ReadUInt32LittleEndian(plain[1..]);
            var uncompressed = compressed ? BinaryPrimitives.ReadUInt32LittleEndian(plain[5..]) : 0;
            var kind = (type & 1) != 0 ? BlobKind.Tree : BlobKind.Data;
            var blob = new BlobEntry(new ObjectId(plain.Slice(size - ObjectId.Size, ObjectId.Size)), kind, 0, offset, length, uncompressed);
            // An index made anew from this must be one that is read.
            if (blob.Id == default || length < Sealer.Overhead || blob.IsCompressed != compressed || blob.PlainLength > int.MaxValue / 2 || offset + (long)length > uint.MaxValue)
            {
                return null;
            }

            blobs.Add(blob);
            offset += length;
            plain = plain[size..];
        }

        return blobs;
    }
}
