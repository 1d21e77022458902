using System.Buffers.Binary;
using ZstdSharp;

namespace MedicineMan.Repository.Tests.Reference;

/// <summary>A pack: sealed blobs, a sealed header, and the header's length in the last four bytes.</summary>
internal sealed class ReferencePack(int version, ReferenceCipher cipher, Action<bool, string, string> expect)
{
    public void Check(string file, byte[] pack, IReadOnlyList<ReferenceBlob> indexed)
    {
        var headerLength = pack.Length < 4 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(pack.AsSpan(pack.Length - 4));
        if (headerLength is 0 || headerLength > pack.Length - 4 || cipher.Open(pack.AsSpan(pack.Length - 4 - (int)headerLength, (int)headerLength)) is not { } header)
        {
            expect(false, file, "has no header that opens");
            return;
        }

        var listed = Parse(file, header);
        expect(listed.Sum(blob => (long)blob.Length) + headerLength + 4 == pack.Length, file, "has bytes that belong to nothing");
        expect(listed.Select(blob => blob.Type).Distinct().Count() == 1, file, "mixes content and folders, or is empty");
        expect(listed.OrderBy(blob => blob.Offset).SequenceEqual(indexed.OrderBy(blob => blob.Offset)), file, "has another header than the index says");
        foreach (var blob in listed)
        {
            var plain = blob.Offset + (long)blob.Length > pack.Length ? null : Plain(cipher, pack.AsSpan((int)blob.Offset, (int)blob.Length), blob.UncompressedLength);
            expect(plain is not null && ReferenceRepository.Hash(plain) == blob.Id, file, $"has at {blob.Offset} something else than blob {blob.Id}");
        }
    }

    /// <summary>Opens and decompresses; null when the MAC, the frame or the length is wrong.</summary>
    public static byte[]? Plain(ReferenceCipher cipher, ReadOnlySpan<byte> stored, uint uncompressedLength)
    {
        var opened = cipher.Open(stored);
        if (opened is null || uncompressedLength == 0)
        {
            return opened;
        }

        var plain = Decompress(opened);
        return plain?.Length == uncompressedLength ? plain : null;
    }

    public static byte[]? Decompress(ReadOnlySpan<byte> frame)
    {
        try
        {
            using var stream = new DecompressionStream(new MemoryStream(frame.ToArray()));
            using var plain = new MemoryStream();
            stream.CopyTo(plain);
            return plain.ToArray();
        }
        catch (Exception failure) when (failure is ZstdException or EndOfStreamException)
        {
            return null;
        }
    }

    private List<ReferenceBlob> Parse(string file, ReadOnlySpan<byte> header)
    {
        var listed = new List<ReferenceBlob>();
        uint offset = 0;
        while (header.Length > 0)
        {
            var kind = header[0];
            var isCompressed = kind is 2 or 3;
            expect(kind <= (version == 1 ? 1 : 3), file, $"has a blob of kind {kind}");
            var size = isCompressed ? 41 : 37;
            var length = BinaryPrimitives.ReadUInt32LittleEndian(header[1..]);
            var plain = isCompressed ? BinaryPrimitives.ReadUInt32LittleEndian(header[5..]) : 0;
            listed.Add(new ReferenceBlob(
                Convert.ToHexStringLower(header[(size - 32)..size]), kind is 1 or 3 ? "tree" : "data", Path.GetFileName(file), offset, length, plain));
            offset += length;
            header = header[size..];
        }

        return listed;
    }
}
