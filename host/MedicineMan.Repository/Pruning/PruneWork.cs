using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Locking;
using MedicineMan.Repository.Storing;
using MedicineMan.Repository.Writing;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Pruning;

/// <summary>
/// Carries out what a plan says, in an order that may be broken off anywhere: new packs, new index files, then old index files go, then old packs.
/// Before anything goes it is proven from what lies on the storage that every block needed is listed in what stays.
/// </summary>
internal sealed class PruneWork(ObjectStore store, Survey survey, PruneOptions options, RepositoryLock held, IProgress<UpkeepProgress>? progress)
{
    private const int DeletesAtOnce = 8;

    // Index files below this are joined on the way.
    private const int SmallFile = 10_000;

    private readonly HashSet<ObjectId> outdated = [];

    public async Task Run(CancellationToken cancel)
    {
        // First, because on a full disk it makes the room that the rest needs.
        await Delete("Removing packs of interrupted backups", [.. survey.Unreferenced.Select(pack => ObjectStore.PackKey(pack.Id))], cancel);
        await MarkKept(cancel);
        await Repack(cancel);
        if (outdated.Count == 0)
        {
            return;
        }

        await WriteIndexes(cancel);
        await Prove(cancel);
        await Delete("Removing old index files", [.. outdated.Select(file => ObjectStore.Index + file)], cancel);
        await Delete("Removing packs", [.. survey.Packs.Values.Where(pack => pack.Fate != PackFate.Keep && pack.StoredLength >= 0).Select(pack => ObjectStore.PackKey(pack.Id))], cancel);
    }

    private async Task MarkKept(CancellationToken cancel)
    {
        var small = survey.FileSizes.Where(file => file.Value < SmallFile).Select(file => file.Key).ToList();
        outdated.UnionWith(small.Count > 1 ? small : []);
        await foreach (var (file, listed) in survey.Indexes.Read(cancel))
        {
            foreach (var pack in listed)
            {
                var tally = survey.Packs[pack.Id];
                if (tally.Fate != PackFate.Keep || tally.FirstFile != file)
                {
                    outdated.Add(file);
                }

                foreach (var blob in tally.Fate == PackFate.Keep ? pack.Blobs : [])
                {
                    survey.Blobs.Mark(blob.Kind, blob.Id, BlobMarks.Listed);
                }
            }
        }
    }

    private async Task Repack(CancellationToken cancel)
    {
        var total = survey.Packs.Values.Where(pack => pack.Fate == PackFate.Repack).Sum(pack => pack.Used.Bytes);
        if (total == 0)
        {
            return;
        }

        await using var sink = new PackSink(store, held.Lost);
        var mover = new PackMover(store, sink);
        var done = 0L;
        var everyCore = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancel };
        await Parallel.ForEachAsync(survey.EachPack(cancel).Where(pack => pack.Pack.Fate == PackFate.Repack), everyCore, async (repacked, token) =>
        {
            var (pack, blobs) = repacked;
            var needed = blobs.Where(blob => survey.Blobs.Has(blob.Kind, blob.Id, BlobMarks.Used) && survey.Blobs.Mark(blob.Kind, blob.Id, BlobMarks.Listed)).ToList();
            if (await mover.Move(pack.Id, needed, options.RepackUncompressed && store.Version > 1, token) is { Count: > 0 } damaged)
            {
                throw new DamagedException(
                    $"The pack {pack.Id} in {store.Location} is damaged at byte {damaged[0].Offset}. Nothing that a snapshot needs was removed. Run a check with --read-data, then repair packs, then prune again.");
            }

            progress?.Report(new UpkeepProgress("Writing packs anew", Interlocked.Add(ref done, pack.Used.Bytes), total, true));
        });
        await sink.Complete(cancel);
    }

    private async Task WriteIndexes(CancellationToken cancel)
    {
        using var keeper = new IndexKeeper(store);
        var written = new HashSet<ObjectId>();
        await foreach (var (_, listed) in survey.Indexes.Only(file => !outdated.Contains(file)).Read(cancel))
        {
            written.UnionWith(listed.Select(pack => pack.Id));
        }

        await foreach (var (_, listed) in survey.Indexes.Only(outdated.Contains).Read(cancel))
        {
            foreach (var pack in listed.Where(pack => survey.Packs[pack.Id].Fate == PackFate.Keep && written.Add(pack.Id)))
            {
                await keeper.Add(pack, cancel);
            }
        }

        await keeper.Flush(cancel);
    }

    private async Task Prove(CancellationToken cancel)
    {
        held.ThrowIfLost();
        var stored = (await store.List(ObjectStore.Data, cancel)).ToDictionary(pack => pack.Id, pack => pack.Length);
        foreach (var pack in survey.Packs.Values.Where(pack => pack.Fate != PackFate.Keep))
        {
            stored.Remove(pack.Id);
        }

        var staying = (await StoredIndexes.List(store, cancel)).Only(file => !outdated.Contains(file));
        await foreach (var (_, listed) in staying.Read(cancel))
        {
            foreach (var blob in listed.Where(pack => stored.TryGetValue(pack.Id, out var length) && length == Checking.PackCheck.LengthOf(pack)).SelectMany(pack => pack.Blobs))
            {
                survey.Blobs.Mark(blob.Kind, blob.Id, BlobMarks.Proven);
            }
        }

        if (survey.Blobs.Count(BlobMarks.Used, BlobMarks.Proven) is > 0 and var missing)
        {
            throw new UserFacingException($"{missing} blocks that snapshots need would be in no index of {store.Location} any more, so nothing was removed. This is a defect: please report it.");
        }
    }

    private async Task Delete(string step, List<string> paths, CancellationToken cancel)
    {
        var done = 0L;
        var several = new ParallelOptions { MaxDegreeOfParallelism = DeletesAtOnce, CancellationToken = cancel };
        await Parallel.ForEachAsync(paths, several, async (path, token) =>
        {
            held.ThrowIfLost();
            await store.Delete(path, token);
            progress?.Report(new UpkeepProgress(step, Interlocked.Increment(ref done), paths.Count, false));
        });
    }
}
