using System.Text.Json.Nodes;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Locking;
using MedicineMan.Repository.Pruning;
using MedicineMan.Repository.Reading;
using MedicineMan.Repository.Storing;

namespace MedicineMan.Repository.Repairing;

/// <summary>
/// Stores, beside each snapshot that has lost something, a copy in which everything restores: without the folders that are lost, and with what is
/// left of a damaged file under another name, so that nobody takes it for the file. The damaged snapshot goes only when told so.
/// </summary>
internal sealed class RepairSnapshots(ObjectStore store, IndexLoader indexes, RepairOptions options, IProgress<UpkeepProgress>? progress)
{
    public const string Tag = "repaired";

    public async Task<SnapshotRepair> Run(CancellationToken cancel)
    {
        await using var held = await RepositoryLock.Acquire(store, exclusive: true, options.LockPatience, cancel);
        var snapshots = await SnapshotFiles.Load(store, cancel);
        var known = snapshots.Readable.Select(snapshot => snapshot.Tree).ToHashSet();
        var reader = new BlobReader(store, await indexes.Current(cancel));
        var repaired = new List<RepairedSnapshot>();
        await using var sink = new PackSink(store, held.Lost);
        var trees = new RepairedTrees(store, reader, sink, options.DryRun);
        var pending = new List<(SnapshotEntry Old, ObjectId? Tree, IReadOnlyList<string> Lost)>();
        var done = 0;
        foreach (var snapshot in snapshots.Readable)
        {
            var (tree, lost) = await trees.Repair(snapshot.Tree, cancel);
            if (tree != snapshot.Tree)
            {
                pending.Add((snapshot, tree, lost));
            }

            progress?.Report(new UpkeepProgress("Looking through snapshots", ++done, snapshots.Readable.Count, false));
        }

        if (!options.DryRun)
        {
            await sink.Complete(cancel);
        }

        foreach (var (old, tree, lost) in pending)
        {
            // A copy of an earlier repair does as well.
            var isNew = tree is { } some && !known.Contains(some) && !options.DryRun;
            ObjectId? copy = isNew ? await Save(old, tree!.Value, held, cancel) : null;
            repaired.Add(new RepairedSnapshot(old.Id, copy, lost));
            if (options.Forget && !options.DryRun && (tree is null || copy is not null || known.Contains(tree.Value)))
            {
                held.ThrowIfLost();
                await store.Delete(ObjectStore.Snapshots + old.Id, cancel);
            }
        }

        if (options is { Forget: true, DryRun: false })
        {
            await RemoveUnreadable(snapshots, held, cancel);
        }

        return new SnapshotRepair(snapshots.Readable.Count, repaired, snapshots.Damaged);
    }

    private async Task<ObjectId> Save(SnapshotEntry old, ObjectId tree, RepositoryLock held, CancellationToken cancel)
    {
        var length = (await store.List(ObjectStore.Snapshots, cancel)).First(file => file.Id == old.Id).Length;
        // Field by field as it was, also those this program does not know.
        var document = JsonNode.Parse(await store.Load(ObjectStore.Snapshots, old.Id, length, cancel))!.AsObject();
        document["original"] ??= old.Id.ToString();
        document["tree"] = tree.ToString();
        document["tags"] = new JsonArray([.. old.Tags.Append(Tag).Distinct().Select(tag => (JsonNode)tag)]);
        document.Remove("parent");
        held.ThrowIfLost();
        return await store.Save(ObjectStore.Snapshots, RepairedTrees.Write(document), cancel);
    }

    private async Task RemoveUnreadable(SnapshotFiles snapshots, RepositoryLock held, CancellationToken cancel)
    {
        var readable = snapshots.Readable.Select(snapshot => snapshot.Id).ToHashSet();
        foreach (var (id, length) in snapshots.Damaged.Count == 0 ? [] : await store.List(ObjectStore.Snapshots, cancel))
        {
            if (!readable.Contains(id) && await IsDamaged(id, length, cancel))
            {
                held.ThrowIfLost();
                await store.Delete(ObjectStore.Snapshots + id, cancel);
            }
        }
    }

    private async Task<bool> IsDamaged(ObjectId id, long length, CancellationToken cancel)
    {
        try
        {
            var json = await store.Load(ObjectStore.Snapshots, id, length, cancel);
            _ = SnapshotEntry.From(id, Format.SnapshotDocument.Read(json, id));
            return false;
        }
        catch (DamagedException)
        {
            return true;
        }
    }
}
