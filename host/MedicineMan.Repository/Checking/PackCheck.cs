using System.Collections.Concurrent;
using System.Security.Cryptography;
using MedicineMan.Repository.Crypto;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Storing;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Repository.Checking;

/// <summary>Verifies every byte of a pack: its hash, its header against the index, and each blob against its name.</summary>
internal sealed class PackCheck(ObjectStore store) : IDisposable
{
    // A pack is read a stretch at a time: it may have a hundred megabytes, and several are looked at at once.
    private readonly ConcurrentBag<PackWindow> windows = [];

    /// <summary>What a pack with these blobs must weigh.</summary>
    public static long LengthOf(IndexedPack pack)
    {
        var blobs = pack.Blobs.Sum(blob => (long)blob.Length);
        var header = pack.Blobs.Sum(blob => blob.IsCompressed ? PackHeader.CompressedEntrySize : PackHeader.PlainEntrySize);
        return blobs + header + Sealer.Overhead + PackHeader.LengthSize;
    }

    /// <summary>The blobs that do not fit into what is left of a pack.</summary>
    public static IReadOnlyList<BlobEntry> BeyondEnd(IndexedPack pack, long length) =>
        [.. pack.Blobs.Where(blob => blob.Offset + (long)blob.Length > length)];

    /// <summary>Reads a pack.</summary>
    /// <returns>Null when it is whole, else what is wrong and which blobs it costs.</returns>
    /// <exception cref="StorageException">The storage refuses it, which says nothing about what is in it.</exception>
    public async Task<PackDamage?> Verify(IndexedPack pack, long length, CancellationToken cancel)
    {
        var window = windows.TryTake(out var used) ? used : new PackWindow(store);
        var codec = store.RentCodec();
        try
        {
            return await Verify(pack, window.Over(pack.Id, length), codec, cancel);
        }
        catch (StorageException failure) when (failure.IsDamage)
        {
            return Unread(pack, failure);
        }
        finally
        {
            store.Return(codec);
            windows.Add(window);
        }
    }

    /// <summary>What it means for a check that a pack could not be read.</summary>
    public static PackDamage Unread(IndexedPack pack, StorageException why) => new(DamageKind.DamagedBlocks, $"The pack {pack.Id} can't be read. {why.Message}", pack.Blobs);

    public void Dispose()
    {
        foreach (var window in windows)
        {
            window.Dispose();
        }
    }

    private static async Task<PackDamage?> Verify(IndexedPack pack, PackWindow window, BlobCodec codec, CancellationToken cancel)
    {
        // An index can be wrong, too: its blobs may overlap or leave gaps.
        List<BlobEntry> blobs = [.. pack.Blobs.OrderBy(blob => blob.Offset)];
        var damaged = new List<BlobEntry>();
        foreach (var blob in blobs)
        {
            if (blob.Offset + (long)blob.Length > window.Length
                || !codec.TryDecode((await window.Read(blob.Offset, (int)blob.Length, cancel)).Span, blob.UncompressedLength, out var plain)
                || ObjectId.Of(plain.Span) != blob.Id)
            {
                damaged.Add(blob);
            }
        }

        if (damaged.Count > 0)
        {
            return new(DamageKind.DamagedBlocks, $"The pack {pack.Id} is damaged: {damaged.Count} of its {blobs.Count} blocks are not what was written, the first at byte {damaged[0].Offset}.", damaged);
        }

        var end = blobs.Count == 0 ? 0 : blobs.Max(blob => blob.Offset + (long)blob.Length);
        var header = PackHeader.TryRead((await window.Read(end, (int)(window.Length - end), cancel)).Span, codec.Sealer);
        if (header is null)
        {
            return new(DamageKind.DamagedHeader, $"The pack {pack.Id} has a damaged header. All its blocks are whole; only a rebuild of the index would need the header.", []);
        }

        var agrees = header.OrderBy(blob => blob.Offset).Select(blob => blob with { Pack = 0 }).SequenceEqual(blobs.Select(blob => blob with { Pack = 0 }));
        return !agrees ? new(DamageKind.MissingIndexEntry, $"The header of the pack {pack.Id} and the index disagree.", [])
            : window.Hash() != pack.Id ? new(DamageKind.WrongHash, $"The pack {pack.Id} does not hash to its name, though all its blocks are whole.", [])
            : null;
    }

    /// <summary>A pack from its beginning to its end, of which a stretch is at hand. Every byte is fetched once and hashed.</summary>
    private sealed class PackWindow(ObjectStore store) : IDisposable
    {
        private const int Piece = 4 << 20;

        private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private string path = "";
        private byte[] buffer = [];
        private long start;
        private int filled;

        public long Length { get; private set; }

        /// <summary>Begins with a pack.</summary>
        public PackWindow Over(ObjectId pack, long length)
        {
            (path, Length, start, filled) = (ObjectStore.PackKey(pack), length, 0, 0);
            hash.TryGetHashAndReset(stackalloc byte[ObjectId.Size], out _);
            return this;
        }

        /// <summary>A stretch of the pack, valid until the next is asked for; none that begins before the last one.</summary>
        public async ValueTask<ReadOnlyMemory<byte>> Read(long from, int length, CancellationToken cancel)
        {
            while (start + filled < from + length)
            {
                var gone = (int)Math.Min(filled, from - start);
                var kept = filled - gone;
                var next = (int)Math.Min(Length - start - filled, Piece);
                var target = kept + next <= buffer.Length ? buffer : GC.AllocateUninitializedArray<byte>(Math.Max(Piece + (Piece >> 2), kept + next));
                buffer.AsSpan(gone, kept).CopyTo(target);
                (buffer, start, filled) = (target, start + gone, kept);
                await store.ReadRange(path, start + kept, buffer.AsMemory(kept, next), cancel);
                hash.AppendData(buffer, kept, next);
                filled += next;
            }

            return buffer.AsMemory((int)(from - start), length);
        }

        /// <summary>The hash of what was read, which is the pack when all of it was.</summary>
        public ObjectId Hash()
        {
            Span<byte> value = stackalloc byte[ObjectId.Size];
            hash.GetHashAndReset(value);
            return new ObjectId(value);
        }

        public void Dispose() => hash.Dispose();
    }
}

/// <summary>What is wrong with a pack, and which blobs it costs.</summary>
internal sealed record PackDamage(DamageKind Kind, string Message, IReadOnlyList<BlobEntry> Blobs);
