using System.Globalization;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Storing;

namespace MedicineMan.Repository.Tests.Fixtures;

/// <summary>Writes snapshots as documents around one real folder: a retention rule looks at nothing else, and a backup each would take minutes.</summary>
internal sealed class SnapshotForge : IDisposable
{
    private readonly ObjectStore store;
    private readonly string tree;

    private SnapshotForge(ObjectStore store, string tree)
    {
        this.store = store;
        this.tree = tree;
    }

    public static async Task<SnapshotForge> Open(TestRepository ours)
    {
        var (master, _, _) = await RepositoryKeys.Open(ours.Storage, TestRepository.Password, default);
        var first = await ours.BackUp(("rows", "a"u8.ToArray()));
        var tree = (await ours.Repository.Snapshots(default).SingleAsync(snapshot => snapshot.Id == first.Id)).Tree;
        await ours.Storage.DeleteAsync("snapshots/" + first.Id, default);
        return new SnapshotForge(new ObjectStore(ours.Storage, master!, 2, TimeProvider.System), tree.ToString());
    }

    public Task<ObjectId> Write(DateTimeOffset time, string host = "db1", IReadOnlyList<string>? paths = null, IReadOnlyList<string>? tags = null) =>
        store.Save(
            ObjectStore.Snapshots,
            new SnapshotDocument
            {
                Time = time.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff", CultureInfo.InvariantCulture) + (time.Offset == TimeSpan.Zero ? "Z" : time.ToString("zzz", CultureInfo.InvariantCulture)),
                Tree = tree, Hostname = host, Paths = paths ?? ["/"], Tags = tags,
            }.Write(),
            default);

    public void Dispose() => store.Dispose();
}
