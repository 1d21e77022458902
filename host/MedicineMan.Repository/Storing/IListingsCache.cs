namespace MedicineMan.Repository.Storing;

/// <summary>A storage that keeps parts of packs on this machine when it is told that folder listings are in them.</summary>
internal interface IListingsCache
{
    /// <summary>Reads a part of a pack, from this machine where it was read before.</summary>
    Task ReadListings(string key, long offset, Memory<byte> destination, CancellationToken cancel);
}
