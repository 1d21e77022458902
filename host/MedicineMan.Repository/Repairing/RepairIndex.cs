using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Locking;
using MedicineMan.Repository.Pruning;
using MedicineMan.Repository.Storing;

namespace MedicineMan.Repository.Repairing;

/// <summary>
/// Brings the index in line with the packs that are there: lists those it does not know from their own headers, drops those that are missing, and
/// carries what is whole out of those that are damaged. No pack is ever removed.
/// </summary>
internal sealed class RepairIndex(ObjectStore store, RepairOptions options, IProgress<UpkeepProgress>? progress)
{
    public async Task<IndexRepair> Run(CancellationToken cancel)
    {
        await using var held = await RepositoryLock.Acquire(store, exclusive: true, options.LockPatience, cancel);
        var known = new KnownPacks(store);
        await known.Load(cancel);

        var added = new List<IndexedPack>();
        var silent = new List<ObjectId>();
        var doubtful = known.Stored.Keys.Where(pack => options.ReadAllPacks || !known.IsExplained(pack)).ToList();
        foreach (var pack in doubtful)
        {
            if (await known.Header(pack, cancel) is { } found)
            {
                added.Add(found);
            }
            else
            {
                silent.Add(pack);
            }

            progress?.Report(new UpkeepProgress("Reading packs' headers", added.Count + silent.Count, doubtful.Count, false));
        }

        var missing = known.Listed.Where(pack => !known.Stored.ContainsKey(pack)).ToHashSet();
        var salvage = await PackSalvage.Run(store, held, known, silent.FindAll(known.IsListed), options.DryRun, progress, cancel);
        var unexplained = silent.FindAll(pack => !known.IsListed(pack));
        var wrong = doubtful.Concat(missing).ToHashSet();
        // An index file that can't be read stays while it may be the only one to explain a pack.
        var useless = unexplained.Count == 0 ? known.Unreadable : [];
        var replaced = options.DryRun ? 0 : await new IndexRewrite(store, held).Run(known.Indexes, useless, pack => !wrong.Contains(pack.Id), added, cancel);
        return new IndexRepair
        {
            Added = [.. added.Select(pack => pack.Id).Where(pack => !known.IsExplained(pack))],
            Dropped = [.. missing],
            Salvaged = silent.FindAll(known.IsListed),
            Unexplained = unexplained,
            BlobsSaved = salvage.Saved,
            BlobsLost = salvage.Lost,
            IndexFilesReplaced = replaced,
        };
    }
}
