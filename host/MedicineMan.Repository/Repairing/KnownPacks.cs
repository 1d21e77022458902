using MedicineMan.Repository.Checking;
using MedicineMan.Repository.Crypto;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Storing;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Repository.Repairing;

/// <summary>What readable index files, the storage and the packs' own headers say about packs. Index files that are damaged are told apart.</summary>
internal sealed class KnownPacks(ObjectStore store)
{
    private readonly Dictionary<ObjectId, Listing> listings = [];

    public Dictionary<ObjectId, long> Stored { get; private set; } = [];

    public StoredIndexes Indexes { get; private set; } = null!;

    public List<ObjectId> Unreadable { get; } = [];

    public IEnumerable<ObjectId> Listed => listings.Keys;

    public async Task Load(CancellationToken cancel)
    {
        var all = await StoredIndexes.List(store, cancel);
        foreach (var (id, length) in all.Files)
        {
            try
            {
                foreach (var pack in await store.Load(ObjectStore.Index, id, length, plain => IndexDocument.Read(plain.Span, id), cancel))
                {
                    var listing = new Listing(PackCheck.LengthOf(pack), pack.Blobs.Count, false);
                    listings[pack.Id] = listings.TryGetValue(pack.Id, out var other) && other with { Differs = false } != listing ? other with { Differs = true } : listing;
                }
            }
            catch (DamagedException)
            {
                Unreadable.Add(id);
            }
        }

        Indexes = all.Only(file => !Unreadable.Contains(file));
        Stored = (await store.List(ObjectStore.Data, cancel)).ToDictionary(pack => pack.Id, pack => pack.Length);
    }

    public bool IsListed(ObjectId pack) => listings.ContainsKey(pack);

    /// <summary>True when the index and the length on the storage agree.</summary>
    public bool IsExplained(ObjectId pack) =>
        listings.TryGetValue(pack, out var listing) && !listing.Differs && Stored.TryGetValue(pack, out var length) && length == listing.Length;

    /// <summary>What a stored pack says of itself; null when it says nothing that fits its length.</summary>
    public async Task<IndexedPack?> Header(ObjectId pack, CancellationToken cancel)
    {
        var length = Stored[pack];
        if (length is < PackHeader.LengthSize or > int.MaxValue)
        {
            return null;
        }

        try
        {
            var tail = new byte[Math.Min(length, 64 * 1024)];
            await store.ReadRange(ObjectStore.PackKey(pack), length - tail.Length, tail, cancel);
            var size = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(tail.Length - PackHeader.LengthSize)) + (long)PackHeader.LengthSize;
            if (size > length || size > PackHeader.MaximumSize)
            {
                return null;
            }

            if (size > tail.Length)
            {
                tail = new byte[size];
                await store.ReadRange(ObjectStore.PackKey(pack), length - size, tail, cancel);
            }

            return Parse(pack, tail) is { Blobs.Count: > 0 } found && PackCheck.LengthOf(found) == length ? found : null;
        }
        catch (StorageException failure) when (failure.IsDamage)
        {
            return null;
        }
    }

    /// <summary>All places that readable index files name for blobs of a pack.</summary>
    public async Task<Dictionary<ObjectId, List<BlobEntry>>> Listings(IReadOnlyCollection<ObjectId> packs, CancellationToken cancel)
    {
        var found = packs.ToDictionary(pack => pack, _ => new List<BlobEntry>());
        await foreach (var (_, listed) in Indexes.Read(cancel))
        {
            foreach (var pack in listed)
            {
                if (found.TryGetValue(pack.Id, out var blobs))
                {
                    blobs.AddRange(pack.Blobs.Except(blobs));
                }
            }
        }

        return found;
    }

    private IndexedPack? Parse(ObjectId pack, byte[] tail)
    {
        var codec = store.RentCodec();
        try
        {
            return PackHeader.TryRead(tail, codec.Sealer) is { } blobs && blobs.TrueForAll(blob => blob.Length >= Sealer.Overhead) ? new IndexedPack(pack, blobs) : null;
        }
        finally
        {
            store.Return(codec);
        }
    }

    private sealed record Listing(long Length, int Blobs, bool Differs);
}
