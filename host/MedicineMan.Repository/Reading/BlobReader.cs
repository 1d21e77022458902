using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Patching;
using MedicineMan.Repository.Storing;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Repository.Reading;

/// <summary>Reads blobs and hands out only what hashes to its name. A blob stored twice is read from its other place when one is damaged.</summary>
internal sealed class BlobReader
{
    private readonly ObjectStore store;
    private readonly BlobIndex index;
    private readonly NearbyListings listings;

    public BlobReader(ObjectStore store, BlobIndex index)
    {
        (this.store, this.index) = (store, index);
        listings = new NearbyListings(this);
    }

    public BlobIndex Index => index;

    public BlockBuffers Buffers { get; } = new();

    public async Task<List<TreeNode>> Tree(ObjectId id, CancellationToken cancel)
    {
        var number = index.Find(BlobKind.Tree, id);
        var listing = number < 0 ? null : await listings.Find(number, cancel);
        return TreeReader.Read((listing ?? await Blob(BlobKind.Tree, id, cancel)).Span, id);
    }

    /// <summary>What people see in a folder: streams stored in parts are the files they were.</summary>
    public async Task<List<TreeNode>> Entries(ObjectId id, CancellationToken cancel) => (await Tree(id, cancel)).ConvertAll(StreamFolder.Present);

    /// <summary>One blob, whole.</summary>
    public async Task<ReadOnlyMemory<byte>> Blob(BlobKind kind, ObjectId id, CancellationToken cancel)
    {
        var places = index.FindAll(kind, id);
        if (places.Count == 0)
        {
            throw new DamagedException($"The block {id.Prefix} is in no index of {store.Location}: a pack or an index file was lost.");
        }

        DamagedException? first = null;
        foreach (var place in places)
        {
            try
            {
                var stored = new byte[place.Length];
                await Read(place, stored, cancel);
                var plain = new byte[place.PlainLength];
                Decode(place, stored, plain);
                return plain;
            }
            catch (DamagedException failure)
            {
                // A place that could not be read may be whole: whoever asks must hear of that one.
                first = first is null || failure.InnerException is StorageException ? failure : first;
            }
        }

        throw first!;
    }

    /// <summary>Opens a stored blob into its place and proves it. Nobody may use what is there when this throws.</summary>
    public void Decode(BlobEntry place, ReadOnlySpan<byte> stored, Span<byte> destination)
    {
        var codec = store.RentCodec();
        try
        {
            if (!codec.TryDecode(stored, place.UncompressedLength, destination) || ObjectId.Of(destination) != place.Id)
            {
                throw new DamagedException($"The pack {index.PackId(place.Pack)} in {store.Location} is damaged at byte {place.Offset}: block {place.Id.Prefix} is not what was written.");
            }
        }
        finally
        {
            store.Return(codec);
        }
    }

    /// <summary>Reads stored bytes from where a blob starts.</summary>
    public Task Read(BlobEntry from, Memory<byte> stored, CancellationToken cancel) => Read(from, path => store.ReadRange(path, from.Offset, stored, cancel));

    /// <summary>As <see cref="Read(BlobEntry, Memory{byte}, CancellationToken)"/>, where listings of folders are: they may come from this machine's cache.</summary>
    public Task ReadListings(BlobEntry from, Memory<byte> stored, CancellationToken cancel) => Read(from, path => store.ReadListings(path, from.Offset, stored, cancel));

    private async Task Read(BlobEntry from, Func<string, Task> read)
    {
        var pack = index.PackId(from.Pack);
        try
        {
            await read(ObjectStore.PackKey(pack));
        }
        catch (StorageException failure) when (!failure.Transient)
        {
            throw new DamagedException($"The pack {pack} is missing, cut short or not readable. {failure.Message}", failure);
        }
    }
}
