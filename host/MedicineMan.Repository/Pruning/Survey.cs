using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Reading;
using MedicineMan.Repository.Storing;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Pruning;

/// <summary>
/// What lies in a repository and what of it is needed. It goes over the index files several times rather than holding them: their ids and a
/// byte of marks each are all that is kept of blobs. Whatever it can't make sense of ends it, because a prune of a damaged repository could cost more.
/// </summary>
internal sealed class Survey(ObjectStore store, IProgress<UpkeepProgress>? progress)
{
    private readonly Dictionary<ObjectId, PackTally> packs = [];
    private readonly BlobIndex trees = new();

    public BlobTable Blobs { get; } = new();

    public bool HasSnapshots { get; private set; }

    public IReadOnlyDictionary<ObjectId, PackTally> Packs => packs;

    /// <summary>Packs that no index knows, with their length.</summary>
    public List<(ObjectId Id, long Length)> Unreferenced { get; } = [];

    public StoredIndexes Indexes { get; private set; } = null!;

    /// <summary>Blobs in each index file.</summary>
    public Dictionary<ObjectId, int> FileSizes { get; } = [];

    public async Task Run(CancellationToken cancel)
    {
        var snapshots = await SnapshotFiles.Load(store, cancel);
        if (snapshots.Damaged.Count > 0)
        {
            throw new UserFacingException($"{snapshots.Damaged[0]} What it needs is not known, so nothing is pruned. Remove or restore that file first.");
        }

        HasSnapshots = snapshots.Readable.Count > 0;
        Indexes = await StoredIndexes.List(store, cancel);
        await LoadIndexes(cancel);
        foreach (var (id, length) in await store.List(ObjectStore.Data, cancel))
        {
            if (packs.TryGetValue(id, out var pack))
            {
                pack.StoredLength = length;
            }
            else
            {
                Unreferenced.Add((id, length));
            }
        }

        await FindUsed(snapshots.Readable, cancel);
        if (Blobs.Copies > 0)
        {
            // Copies in packs that stay anyway come first: then the others can go.
            await CountDead(cancel);
            await Place(pack => pack.IsWhole && pack.Dead == 0, cancel);
        }

        await Place(pack => !pack.IsWhole || pack.Dead > 0 || Blobs.Copies == 0, cancel);
        if (Blobs.Count(BlobMarks.Used, BlobMarks.Placed) is > 0 and var lost)
        {
            throw new UserFacingException($"{lost} blocks that snapshots of {store.Location} need lie in packs that are missing or damaged, so nothing is pruned. Run a check, then repair index and repair packs.");
        }
    }

    /// <summary>Each pack with its blobs once, whatever number of index files lists it.</summary>
    public async IAsyncEnumerable<(PackTally Pack, IReadOnlyList<BlobEntry> Blobs)> EachPack([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        var seen = new Dictionary<ObjectId, HashSet<ObjectId>>();
        await foreach (var (file, listed) in Indexes.Read(cancel))
        {
            foreach (var pack in listed)
            {
                var tally = packs[pack.Id];
                if (tally.ListingsDiffer)
                {
                    if (!seen.TryGetValue(pack.Id, out var known))
                    {
                        seen[pack.Id] = known = [];
                    }

                    yield return (tally, [.. pack.Blobs.Where(blob => known.Add(blob.Id))]);
                }
                else if (tally.FirstFile == file)
                {
                    yield return (tally, pack.Blobs);
                }
            }
        }
    }

    private async Task LoadIndexes(CancellationToken cancel)
    {
        var done = 0;
        await foreach (var (file, listed) in Indexes.Read(cancel))
        {
            foreach (var pack in listed)
            {
                if (!packs.TryGetValue(pack.Id, out var tally))
                {
                    packs[pack.Id] = tally = new PackTally(pack.Id, file);
                }

                tally.Note(pack);
            }

            var fresh = listed.Where(pack => packs[pack.Id] is var tally && (tally.FirstFile == file || tally.ListingsDiffer)).ToList();
            foreach (var blob in fresh.SelectMany(pack => pack.Blobs))
            {
                Blobs.Add(blob.Kind, blob.Id);
            }

            trees.Add([.. fresh.Where(pack => packs[pack.Id].HasTrees).Select(pack => new IndexedPack(pack.Id, [.. pack.Blobs.Where(blob => blob.Kind == BlobKind.Tree)]))]);
            FileSizes[file] = listed.Sum(pack => pack.Blobs.Count);
            progress?.Report(new UpkeepProgress("Reading the index", ++done, Indexes.Files.Count, false));
        }

        Blobs.Seal();
    }

    private async Task FindUsed(IReadOnlyList<SnapshotEntry> snapshots, CancellationToken cancel)
    {
        var folders = 0L;
        await TreeWalk.Run(new BlobReader(store, trees), snapshots.Select(snapshot => snapshot.Tree), IsNew, (_, nodes) =>
        {
            foreach (var blob in nodes.Where(node => node.Content is not null).SelectMany(node => node.Content!))
            {
                if (!Blobs.Mark(BlobKind.Data, blob, BlobMarks.Used) && !Blobs.Contains(BlobKind.Data, blob))
                {
                    throw Missing(blob);
                }
            }

            progress?.Report(new UpkeepProgress("Finding what snapshots need", Interlocked.Increment(ref folders), 0, false));
        }, cancel);

        bool IsNew(ObjectId tree) => Blobs.Mark(BlobKind.Tree, tree, BlobMarks.Used) || (Blobs.Contains(BlobKind.Tree, tree) ? false : throw Missing(tree));
    }

    private UserFacingException Missing(ObjectId blob) =>
        new($"The block {blob.Prefix}, which a snapshot of {store.Location} needs, is in no index, so nothing is pruned. Run a check, then repair index and repair snapshots.");

    private async Task CountDead(CancellationToken cancel)
    {
        await foreach (var (pack, blobs) in EachPack(cancel))
        {
            pack.Dead += blobs.Count(blob => !Blobs.Has(blob.Kind, blob.Id, BlobMarks.Used));
        }
    }

    private async Task Place(Func<PackTally, bool> wanted, CancellationToken cancel)
    {
        await foreach (var (pack, blobs) in EachPack(cancel))
        {
            foreach (var blob in wanted(pack) ? blobs : [])
            {
                if (pack.IsWhole && Blobs.Has(blob.Kind, blob.Id, BlobMarks.Used) && Blobs.Mark(blob.Kind, blob.Id, BlobMarks.Placed))
                {
                    pack.CountUsed(blob);
                }
                else
                {
                    pack.CountUnused(blob);
                }
            }
        }
    }
}
