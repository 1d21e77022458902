using MedicineMan.Repository.Checking;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Locking;
using MedicineMan.Repository.Pruning;
using MedicineMan.Repository.Storing;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Repairing;

/// <summary>Carries what is whole out of damaged packs into new ones and takes the damaged ones out of the index. Their files stay until a prune.</summary>
internal sealed class RepairPacks(ObjectStore store, RepairOptions options, IProgress<UpkeepProgress>? progress)
{
    public async Task<IndexRepair> Run(CancellationToken cancel)
    {
        await using var held = await RepositoryLock.Acquire(store, exclusive: true, options.LockPatience, cancel);
        var known = new KnownPacks(store);
        await known.Load(cancel);
        var damaged = options.Packs.Count > 0 ? [.. options.Packs.Select(name => Find(known, name)).Distinct()] : await Damaged(known, cancel);
        var (saved, lost) = await PackSalvage.Run(store, held, known, damaged, options.DryRun, progress, cancel);
        var replaced = options.DryRun || damaged.Count == 0 ? 0 : await new IndexRewrite(store, held).Run(known.Indexes, [], pack => !damaged.Contains(pack.Id), [], cancel);
        return new IndexRepair
        {
            Added = [], Dropped = [.. damaged.Where(pack => !known.Stored.ContainsKey(pack))], Salvaged = [.. damaged.Where(known.Stored.ContainsKey)],
            Unexplained = [], BlobsSaved = saved, BlobsLost = lost, IndexFilesReplaced = replaced,
        };
    }

    private ObjectId Find(KnownPacks known, string name)
    {
        var matching = known.Stored.Keys.Union(known.Listed).Where(pack => name.Length > 0 && pack.ToString().StartsWith(name, StringComparison.OrdinalIgnoreCase)).ToList();
        return matching.Count == 1 ? matching[0]
            : throw new UserFacingException(matching.Count == 0 ? $"No pack of {store.Location} starts with {name}." : $"{matching.Count} packs of {store.Location} start with {name}. Give more of the id.");
    }

    private async Task<List<ObjectId>> Damaged(KnownPacks known, CancellationToken cancel)
    {
        var found = new List<ObjectId>();
        using var check = new PackCheck(store);
        var seen = new HashSet<ObjectId>();
        var bytes = 0L;
        var total = known.Stored.Values.Sum();
        var everyCore = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancel };
        await foreach (var (_, packs) in known.Indexes.Read(cancel))
        {
            await Parallel.ForEachAsync(packs.Where(pack => seen.Add(pack.Id)).ToList(), everyCore, async (pack, token) =>
            {
                var length = known.Stored.GetValueOrDefault(pack.Id, -1);
                if (!known.IsExplained(pack.Id) || await check.Verify(pack, length, token) is not null)
                {
                    lock (found)
                    {
                        found.Add(pack.Id);
                    }
                }

                progress?.Report(new UpkeepProgress("Reading packs", Interlocked.Add(ref bytes, Math.Max(0, length)), total, true));
            });
        }

        return found;
    }
}
