using System.Text.Json.Nodes;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Locking;
using MedicineMan.Repository.Pruning;
using MedicineMan.Repository.Reading;
using MedicineMan.Repository.Repairing;
using MedicineMan.Repository.Storing;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Copying;

/// <summary>
/// Copies snapshots into another repository, whatever its key and storage. Only blobs that the target lacks are read. Broken off and started again,
/// it goes on about where it was.
/// </summary>
internal sealed class SnapshotCopy(
    ObjectStore source, IndexLoader sourceIndexes, ObjectStore target, IndexLoader targetIndexes, CopyOptions options, IProgress<UpkeepProgress>? progress)
{
    // So much is at most done in vain when it is broken off.
    private const long CommitEvery = 1L << 30;
    private const int BatchSize = 8192;

    // Only what is in a stored index may be relied on by others: what this copy stores becomes that when it completes, and never if it fails.
    private readonly BlobIndex own = new();
    private readonly List<CopiedSnapshot> copied = [];
    private readonly List<SnapshotEntry> pending = [];
    private readonly List<BlobEntry> batch = [];
    private long blobs;
    private long bytes;
    private BlobIndex there = null!;
    private BlobReader reader = null!;
    private RepositoryLock held = null!;

    public async Task<CopyReport> Run(CancellationToken cancel)
    {
        if (target.Version < 2)
        {
            throw new UserFacingException($"{target.Location} has the old format version {target.Version}, which is only read. Upgrade it with migrate first.") { Permanent = true };
        }

        await using var sourceHeld = await RepositoryLock.Acquire(source, exclusive: false, cancel);
        await using var targetHeld = held = await RepositoryLock.Acquire(target, exclusive: false, cancel);
        var all = (await SnapshotFiles.Load(source, cancel)).Readable;
        var present = (await SnapshotFiles.Load(target, cancel)).Readable;
        var meant = options.Names.Count > 0 ? options.Names.Select(name => SnapshotName.Find(all, name, source.Location)).Distinct() : all.Where(options.Filter.Matches);
        var byPresence = meant.ToLookup(snapshot => present.Any(other => AreSame(snapshot, other)));
        if (options.DryRun)
        {
            return new CopyReport([.. byPresence[false].Select(snapshot => new CopiedSnapshot(snapshot, null))], [.. byPresence[true]], 0, 0);
        }

        reader = new BlobReader(source, await sourceIndexes.Current(cancel));
        there = await targetIndexes.Current(cancel);
        var wanted = byPresence[false].ToList();
        for (var next = 0; next < wanted.Count;)
        {
            next = await CopySome(wanted, next, cancel);
        }

        return new CopyReport(copied, [.. byPresence[true]], blobs, bytes);
    }

    private async Task<int> CopySome(List<SnapshotEntry> wanted, int next, CancellationToken cancel)
    {
        await using var sink = new PackSink(target, held.Lost, own);
        var copier = new BlobCopier(source, reader, target, sink);
        while (next < wanted.Count && copier.Bytes < CommitEvery)
        {
            await CopyTrees(wanted[next].Tree, copier, cancel);
            pending.Add(wanted[next++]);
            progress?.Report(new UpkeepProgress("Copying snapshots", next, wanted.Count, false));
        }

        // Packs and their index first: only then may a snapshot say that it is there.
        await sink.Complete(cancel);
        blobs += copier.Blobs;
        bytes += copier.Bytes;
        held.ThrowIfLost();
        foreach (var snapshot in pending)
        {
            copied.Add(new CopiedSnapshot(snapshot, await Save(snapshot, cancel)));
        }

        pending.Clear();
        return next;
    }

    private async Task CopyTrees(ObjectId root, BlobCopier copier, CancellationToken cancel)
    {
        var open = new Stack<ObjectId>([root]);
        var seen = new HashSet<ObjectId> { root };
        while (open.TryPop(out var tree))
        {
            Want(BlobKind.Tree, tree);
            foreach (var node in await reader.Tree(tree, cancel))
            {
                foreach (var blob in node.Content ?? [])
                {
                    Want(BlobKind.Data, blob);
                }

                if (node is { Type: "dir", Subtree: { } subtree } && seen.Add(subtree))
                {
                    open.Push(subtree);
                }
            }

            if (batch.Count >= BatchSize)
            {
                await Flush(copier, cancel);
            }
        }

        await Flush(copier, cancel);
    }

    private async Task Flush(BlobCopier copier, CancellationToken cancel)
    {
        held.ThrowIfLost();
        await copier.Copy(batch, cancel);
        batch.Clear();
    }

    private void Want(BlobKind kind, ObjectId id)
    {
        if (there.TryFind(kind, id, out _) || !own.TryClaim(kind, id))
        {
            return;
        }

        batch.Add(reader.Index.TryFind(kind, id, out var place)
            ? place
            : throw new DamagedException($"The block {id.Prefix} is in no index of {source.Location}: a pack or an index file was lost. Run a check to see what it affects."));
    }

    private async Task<ObjectId> Save(SnapshotEntry snapshot, CancellationToken cancel)
    {
        var length = (await source.List(ObjectStore.Snapshots, cancel)).First(file => file.Id == snapshot.Id).Length;
        var document = JsonNode.Parse(await source.Load(ObjectStore.Snapshots, snapshot.Id, length, cancel))!.AsObject();
        document["original"] ??= snapshot.Id.ToString();
        document.Remove("parent");
        return await target.Save(ObjectStore.Snapshots, RepairedTrees.Write(document), cancel);
    }

    private static bool AreSame(SnapshotEntry left, SnapshotEntry right) =>
        left.Tree == right.Tree && left.Time == right.Time && left.Host == right.Host && left.UserName == right.UserName
        && left.Paths.SequenceEqual(right.Paths) && left.Tags.SequenceEqual(right.Tags);
}
