using System.Text.Json.Nodes;
using MedicineMan.Repository.Format;
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
    // After so much, snapshots that are whole are written.
    private const long CommitEvery = 1L << 30;

    private readonly List<CopiedSnapshot> copied = [];

    // Of the source: what the target has, all that snapshots need so far, and what of that is to be copied next.
    private readonly BlobNumbers there = new();
    private readonly BlobNumbers met = new();
    private readonly BlobNumbers lacking = new();
    private long lackingBytes;
    private long folders;
    private BlobIndex? targetIndex;
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
        var wanted = byPresence[false].ToList();
        if (options.DryRun || wanted.Count == 0)
        {
            return new CopyReport(wanted.ConvertAll(snapshot => new CopiedSnapshot(snapshot, null)), [.. byPresence[true]], 0, 0);
        }

        reader = new BlobReader(source, await sourceIndexes.Current(cancel));
        await FindThere(cancel);
        var copier = new BlobCopier(source, reader, target);
        for (var next = 0; next < wanted.Count;)
        {
            next = await CopySome(wanted, next, copier, cancel);
        }

        return new CopyReport(copied, [.. byPresence[true]], copier.Blobs, copier.Bytes);
    }

    private async Task<int> CopySome(List<SnapshotEntry> wanted, int first, BlobCopier copier, CancellationToken cancel)
    {
        var next = first;
        do
        {
            await Want(wanted[next++].Tree, cancel);
        }
        while (next < wanted.Count && lackingBytes < CommitEvery);

        var (step, done, total) = (wanted.Count == 1 ? "Copying" : $"Copying snapshots {first + 1} to {next} of {wanted.Count}", 0L, lackingBytes);
        await using var sink = new PackSink(target, held.Lost);
        await copier.Copy(
            lacking.InOrder().Select(reader.Index.Entry), sink, bytes => progress?.Report(new UpkeepProgress(step, Interlocked.Add(ref done, bytes), total, true)), cancel);

        // Packs and their index first: only then may a snapshot say that it is there.
        await sink.Complete(cancel);
        held.ThrowIfLost();
        lacking.Clear();
        lackingBytes = 0;
        foreach (var snapshot in wanted[first..next])
        {
            copied.Add(new CopiedSnapshot(snapshot, await Save(snapshot, cancel)));
        }

        return next;
    }

    // An index of the target in memory would be as large as that of the source.
    private async Task FindThere(CancellationToken cancel)
    {
        var everyCore = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancel };
        await Parallel.ForEachAsync(await target.List(ObjectStore.Index, cancel), everyCore, async (file, token) =>
        {
            try
            {
                var packs = await target.Load(ObjectStore.Index, file.Id, file.Length, plain => IndexDocument.Read(plain.Span, file.Id), token);
                lock (there)
                {
                    foreach (var number in packs.SelectMany(pack => pack.Blobs).Select(blob => reader.Index.Find(blob.Kind, blob.Id)).Where(number => number >= 0))
                    {
                        there.Add(number);
                    }
                }
            }
            catch (DamagedException)
            {
                // What only this file knows of is copied once more.
            }
        });
    }

    private async Task Want(ObjectId root, CancellationToken cancel)
    {
        var open = new Stack<ObjectId>();
        await Enter(root);
        while (open.TryPop(out var tree))
        {
            held.ThrowIfLost();
            progress?.Report(new UpkeepProgress("Finding what snapshots need", ++folders, 0, false));
            foreach (var node in await reader.Tree(tree, cancel))
            {
                foreach (var blob in node.Content ?? [])
                {
                    await IsNew(BlobKind.Data, blob, cancel);
                }

                if (node is { Type: "dir", Subtree: { } subtree })
                {
                    await Enter(subtree);
                }
            }
        }

        async ValueTask Enter(ObjectId tree)
        {
            if (await IsNew(BlobKind.Tree, tree, cancel))
            {
                open.Push(tree);
            }
        }
    }

    // Also what is there may refer to what is not, after a copy that was broken off: so all of it is looked at, but once.
    private async ValueTask<bool> IsNew(BlobKind kind, ObjectId id, CancellationToken cancel)
    {
        var number = reader.Index.Find(kind, id);
        if (number < 0)
        {
            // What was lost here since it was copied is no loss there.
            targetIndex ??= await targetIndexes.Current(cancel);
            return targetIndex.TryFind(kind, id, out _) ? kind == BlobKind.Tree : throw new DamagedException(
                $"The block {id.Prefix} is in no index of {source.Location}: a pack or an index file was lost. Run a check to see what it affects.");
        }

        if (!met.Add(number))
        {
            return false;
        }

        if (!there.Contains(number))
        {
            lacking.Add(number);
            lackingBytes += reader.Index.Entry(number).Length;
        }

        return true;
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
