using MedicineMan.Repository.Format;
using MedicineMan.Repository.Storing;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Reading;

/// <summary>The snapshot files of a repository, those that are damaged told apart.</summary>
internal sealed record SnapshotFiles(IReadOnlyList<SnapshotEntry> Readable, IReadOnlyList<string> Damaged)
{
    public static async Task<SnapshotFiles> Load(ObjectStore store, CancellationToken cancel)
    {
        var readable = new List<SnapshotEntry>();
        var damaged = new List<string>();
        foreach (var (id, length) in await store.List(ObjectStore.Snapshots, cancel))
        {
            try
            {
                readable.Add(await Read(store, id, length, cancel));
            }
            catch (DamagedException failure)
            {
                damaged.Add(failure.Message);
            }
        }

        return new SnapshotFiles([.. readable.OrderBy(entry => entry.Time).ThenBy(entry => entry.Id)], damaged);
    }

    /// <summary>One alone, where reading all of them would be for nothing.</summary>
    /// <exception cref="UserFacingException">It is not there, or damaged.</exception>
    public static async Task<SnapshotEntry> One(ObjectStore store, ObjectId id, CancellationToken cancel)
    {
        var found = (await store.List(ObjectStore.Snapshots, cancel)).Find(file => file.Id == id);
        return found.Length > 0 ? await Read(store, id, found.Length, cancel) : throw new UserFacingException($"No snapshot of {store.Location} has the id {id}.");
    }

    private static async Task<SnapshotEntry> Read(ObjectStore store, ObjectId id, long length, CancellationToken cancel) =>
        SnapshotEntry.From(id, SnapshotDocument.Read(await store.Load(ObjectStore.Snapshots, id, length, cancel), id));
}
