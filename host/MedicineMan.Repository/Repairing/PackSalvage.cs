using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Locking;
using MedicineMan.Repository.Pruning;
using MedicineMan.Repository.Storing;

namespace MedicineMan.Repository.Repairing;

/// <summary>Carries the whole blocks of damaged packs into new ones.</summary>
internal static class PackSalvage
{
    public static async Task<(long Saved, long Lost)> Run(
        ObjectStore store, RepositoryLock held, KnownPacks known, IReadOnlyList<ObjectId> packs, bool dryRun, IProgress<UpkeepProgress>? progress, CancellationToken cancel)
    {
        if (packs.Count == 0)
        {
            return default;
        }

        var listings = await known.Listings(packs, cancel);
        await using var sink = new PackSink(store, held.Lost);
        var mover = new PackMover(store, sink, dryRun);
        var (saved, lost, done) = (0L, 0L, 0);
        foreach (var pack in packs)
        {
            var blobs = listings[pack] is { Count: > 0 } listed ? listed : (await known.Header(pack, cancel))?.Blobs ?? [];
            var damaged = known.Stored.ContainsKey(pack) ? (await mover.Move(pack, blobs, compress: false, cancel)).Count : blobs.Count;
            lost += damaged;
            saved += blobs.Count - damaged;
            progress?.Report(new UpkeepProgress("Salvaging damaged packs", ++done, packs.Count, false));
        }

        if (!dryRun)
        {
            await sink.Complete(cancel);
        }

        return (saved, lost);
    }
}
