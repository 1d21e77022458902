using System.Collections.Concurrent;
using MedicineMan.Repository.Crypto;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Storing;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Repository.Checking;

/// <summary>Verifies every byte of a pack: its hash, its header against the index, and each blob against its name.</summary>
internal sealed class PackCheck(ObjectStore store)
{
    // A pack a core: they are read whole, and the shared array pool would round sixteen megabytes up to thirty-two.
    private readonly ConcurrentBag<byte[]> buffers = [];

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
    public async Task<PackDamage?> Verify(IndexedPack pack, int length, CancellationToken cancel)
    {
        if (!buffers.TryTake(out var buffer) || buffer.Length < length)
        {
            // Packs differ by a little: rounded up, one buffer serves most.
            buffer = GC.AllocateUninitializedArray<byte>((length | 0xFFFFF) + 1);
        }

        try
        {
            await store.ReadRange(ObjectStore.PackKey(pack.Id), 0, buffer.AsMemory(0, length), cancel);
            return Verify(pack, buffer.AsSpan(0, length));
        }
        catch (StorageException failure) when (failure.IsDamage)
        {
            return Unread(pack, failure);
        }
        finally
        {
            buffers.Add(buffer);
        }
    }

    /// <summary>What it means for a check that a pack could not be read.</summary>
    public static PackDamage Unread(IndexedPack pack, StorageException why) => new(DamageKind.DamagedBlocks, $"The pack {pack.Id} can't be read. {why.Message}", pack.Blobs);

    private PackDamage? Verify(IndexedPack pack, ReadOnlySpan<byte> content)
    {
        var codec = store.RentCodec();
        try
        {
            var damaged = new List<BlobEntry>();
            foreach (var blob in pack.Blobs)
            {
                if (!codec.TryDecode(content.Slice((int)blob.Offset, (int)blob.Length), blob.UncompressedLength, out var plain)
                    || ObjectId.Of(plain.Span) != blob.Id)
                {
                    damaged.Add(blob);
                }
            }

            if (damaged.Count > 0)
            {
                return new(DamageKind.DamagedBlocks, $"The pack {pack.Id} is damaged: {damaged.Count} of its {pack.Blobs.Count} blocks are not what was written, the first at byte {damaged[0].Offset}.", damaged);
            }

            var header = PackHeader.TryRead(content, codec.Sealer);
            if (header is null)
            {
                return new(DamageKind.DamagedHeader, $"The pack {pack.Id} has a damaged header. All its blocks are whole; only a rebuild of the index would need the header.", []);
            }

            var agrees = header.OrderBy(blob => blob.Offset).Select(blob => blob with { Pack = 0 })
                .SequenceEqual(pack.Blobs.Select(blob => blob with { Pack = 0 }));
            return !agrees ? new(DamageKind.MissingIndexEntry, $"The header of the pack {pack.Id} and the index disagree.", [])
                : ObjectId.Of(content) != pack.Id ? new(DamageKind.WrongHash, $"The pack {pack.Id} does not hash to its name, though all its blocks are whole.", [])
                : null;
        }
        finally
        {
            store.Return(codec);
        }
    }
}

/// <summary>What is wrong with a pack, and which blobs it costs.</summary>
internal sealed record PackDamage(DamageKind Kind, string Message, IReadOnlyList<BlobEntry> Blobs);
