using System.Runtime.CompilerServices;
using MedicineMan.Repository.Copying;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Locking;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Looking;
using MedicineMan.Repository.Reading;
using MedicineMan.Repository.Retention;
using MedicineMan.Repository.Storing;
using MedicineMan.Sdk;

namespace MedicineMan.Repository;

/// <summary>Looks across the snapshots of a repository and changes nothing in it. Backups may go on meanwhile.</summary>
public sealed class RepositoryView
{
    private readonly ObjectStore store;
    private readonly IndexLoader indexes;
    private readonly string id;

    internal RepositoryView(ObjectStore store, IndexLoader indexes, string id)
    {
        this.id = id;
        this.store = store;
        this.indexes = indexes;
    }

    /// <summary>What changed from one snapshot to another, in the order of paths.</summary>
    /// <param name="from">Id, start of one, or <c>latest</c>.</param>
    /// <param name="to">Id, start of one, or <c>latest</c>.</param>
    /// <param name="metadata">True to name also what has other metadata only.</param>
    /// <param name="each">Given each difference.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="UserFacingException">A name stands for no snapshot or several.</exception>
    public async Task<DiffTotals> Diff(string from, string to, bool metadata, Action<SnapshotChange> each, CancellationToken cancel)
    {
        await using var held = await RepositoryLock.Acquire(store, exclusive: false, cancel);
        var all = (await SnapshotFiles.Load(store, cancel)).Readable;
        var (left, right) = (SnapshotName.Find(all, from, store.Location), SnapshotName.Find(all, to, store.Location));
        var diff = new SnapshotDiff(new BlobReader(store, await indexes.Current(cancel)), metadata);
        await foreach (var change in diff.Run(left.Tree, right.Tree, cancel))
        {
            each(change);
        }

        return diff.Totals;
    }

    /// <summary>Where in which snapshots something lies, newest snapshot first.</summary>
    public async IAsyncEnumerable<FoundNode> Find(FindOptions options, SnapshotFilter filter, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using var held = await RepositoryLock.Acquire(store, exclusive: false, cancel);
        var snapshots = (await SnapshotFiles.Load(store, cancel)).Readable;
        var search = new SnapshotSearch(new BlobReader(store, await indexes.Current(cancel)), options);
        foreach (var snapshot in snapshots.Where(filter.Matches).Reverse())
        {
            await foreach (var found in search.Run(snapshot, cancel))
            {
                yield return found;
            }
        }
    }

    /// <summary>The snapshot that a backup goes on from, as restic finds it: the newest of the same machine that has all its paths and is not newer than it.</summary>
    /// <param name="options">The backup.</param>
    /// <param name="grouping">What has to be the same.</param>
    /// <param name="cancel">Ends it.</param>
    public async Task<SnapshotEntry?> FindParent(SnapshotOptions options, SnapshotGrouping grouping, CancellationToken cancel)
    {
        var newest = options.Time ?? store.Clock.GetUtcNow();
        var filter = new SnapshotFilter
        {
            Hosts = grouping.Host ? [options.Host] : [], Paths = grouping.Paths ? [.. options.Paths.Select(FileName.Readable)] : [], Tags = grouping.Tags ? [options.Tags] : [],
        };
        return (await SnapshotFiles.Load(store, cancel)).Readable.Where(snapshot => snapshot.Time <= newest && filter.Matches(snapshot)).MaxBy(snapshot => snapshot.Time);
    }

    /// <summary>The snapshot that a name stands for.</summary>
    /// <param name="name">Its id, the start of it, or <c>latest</c>.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="UserFacingException">There is none, or several.</exception>
    public async Task<SnapshotEntry> Named(string name, CancellationToken cancel) => SnapshotName.Find((await SnapshotFiles.Load(store, cancel)).Readable, name, store.Location);

    /// <summary>What snapshots take.</summary>
    /// <param name="mode">Counted how.</param>
    /// <param name="names">Ids, starts of ids or <c>latest</c>; empty for all that the filter leaves.</param>
    /// <param name="filter">Snapshots that are meant when none is named.</param>
    /// <param name="cancel">Ends it.</param>
    public async Task<RepositorySizes> Sizes(SizeMode mode, IReadOnlyList<string> names, SnapshotFilter filter, CancellationToken cancel)
    {
        await using var held = await RepositoryLock.Acquire(store, exclusive: false, cancel);
        var all = (await SnapshotFiles.Load(store, cancel)).Readable;
        List<SnapshotEntry> meant = [.. names.Count > 0 ? names.Select(name => SnapshotName.Find(all, name, store.Location)).Distinct() : all.Where(filter.Matches)];
        return await new Sizes(store, new BlobReader(store, await indexes.Current(cancel))).Run(mode, meant, cancel);
    }

    /// <summary>Copies snapshots into another repository, with another key on another storage. What the target has is not read.</summary>
    /// <exception cref="UserFacingException">A name stands for no snapshot or several, or one of the two is locked for maintenance.</exception>
    public Task<CopyReport> CopyTo(BackupRepository target, CopyOptions options, IProgress<UpkeepProgress>? progress, CancellationToken cancel) =>
        target.Id == id
            ? throw new UserFacingException($"{store.Location} and {target.Location} are the same repository.")
            : new SnapshotCopy(store, indexes, target.View.store, target.View.indexes, options, progress).Run(cancel);
}
