using MedicineMan.Repository.Format;
using MedicineMan.Repository.Storing;

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
                var json = await store.Load(ObjectStore.Snapshots, id, length, cancel);
                readable.Add(SnapshotEntry.From(id, SnapshotDocument.Read(json.Span, id)));
            }
            catch (DamagedException failure)
            {
                damaged.Add(failure.Message);
            }
        }

        return new SnapshotFiles([.. readable.OrderBy(entry => entry.Time).ThenBy(entry => entry.Id)], damaged);
    }
}
