using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Locking;
using MedicineMan.Repository.Storing;
using MedicineMan.Repository.Writing;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Repairing;

/// <summary>Replaces the index files that list a pack wrongly. New ones are stored and read back before an old one goes.</summary>
internal sealed class IndexRewrite(ObjectStore store, RepositoryLock held)
{
    /// <param name="indexes">The readable ones.</param>
    /// <param name="unreadable">Files to remove with the outdated ones.</param>
    /// <param name="keeps">Whether the listing of a pack is right.</param>
    /// <param name="added">Packs to list anew.</param>
    /// <param name="cancel">Stops it, as a kill does.</param>
    /// <returns>Index files replaced.</returns>
    public async Task<int> Run(
        StoredIndexes indexes, IReadOnlyList<ObjectId> unreadable, Func<IndexedPack, bool> keeps, IReadOnlyList<IndexedPack> added, CancellationToken cancel)
    {
        var outdated = new HashSet<ObjectId>(unreadable);
        var listed = new HashSet<ObjectId>();
        await foreach (var (file, packs) in indexes.Read(cancel))
        {
            if (!packs.TrueForAll(pack => keeps(pack)))
            {
                outdated.Add(file);
            }
            else
            {
                listed.UnionWith(packs.Select(pack => pack.Id));
            }
        }

        if (outdated.Count == 0 && added.Count == 0)
        {
            return 0;
        }

        var written = await Write(indexes.Only(outdated.Contains), keeps, listed, added, cancel);
        await Prove(outdated, written, cancel);
        foreach (var file in outdated)
        {
            held.ThrowIfLost();
            await store.Delete(ObjectStore.Index + file, cancel);
        }

        return outdated.Count;
    }

    private async Task<HashSet<ObjectId>> Write(
        StoredIndexes outdated, Func<IndexedPack, bool> keeps, HashSet<ObjectId> listed, IReadOnlyList<IndexedPack> added, CancellationToken cancel)
    {
        using var keeper = new IndexKeeper(store);
        var written = new HashSet<ObjectId>();
        foreach (var pack in added)
        {
            written.Add(pack.Id);
            await keeper.Add(pack, cancel);
        }

        await foreach (var (_, packs) in outdated.Read(cancel))
        {
            foreach (var pack in packs.Where(pack => keeps(pack) && !listed.Contains(pack.Id) && written.Add(pack.Id)))
            {
                await keeper.Add(pack, cancel);
            }
        }

        await keeper.Flush(cancel);
        return written;
    }

    private async Task Prove(HashSet<ObjectId> outdated, HashSet<ObjectId> written, CancellationToken cancel)
    {
        held.ThrowIfLost();
        await foreach (var (_, packs) in (await StoredIndexes.List(store, cancel)).Only(file => !outdated.Contains(file)).Read(cancel))
        {
            written.ExceptWith(packs.Select(pack => pack.Id));
        }

        if (written.Count > 0)
        {
            throw new UserFacingException($"{written.Count} packs would be in no index of {store.Location} any more, so no index file was removed. This is a defect: please report it.");
        }
    }
}
