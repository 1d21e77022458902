using System.Runtime.CompilerServices;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Storing;

namespace MedicineMan.Repository.Indexing;

/// <summary>The index files as they lie on the storage, read one after the other with a few ahead: whoever goes over them needs room for those alone.</summary>
internal sealed class StoredIndexes(ObjectStore store, IReadOnlyList<(ObjectId Id, long Length)> files)
{
    private static readonly int Ahead = Environment.ProcessorCount;

    public IReadOnlyList<(ObjectId Id, long Length)> Files => files;

    public static async Task<StoredIndexes> List(ObjectStore store, CancellationToken cancel) =>
        new(store, [.. (await store.List(ObjectStore.Index, cancel)).OrderBy(file => file.Id)]);

    /// <summary>The same files without some.</summary>
    public StoredIndexes Only(Func<ObjectId, bool> wanted) => new(store, [.. files.Where(file => wanted(file.Id))]);

    /// <summary>Reads them all, always in the same order.</summary>
    /// <exception cref="DamagedException">One is not readable.</exception>
    public async IAsyncEnumerable<(ObjectId Id, List<IndexedPack> Packs)> Read([EnumeratorCancellation] CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var reading = new Queue<Task<(ObjectId, List<IndexedPack>)>>();
        try
        {
            for (var next = 0; next < files.Count || reading.Count > 0;)
            {
                while (next < files.Count && reading.Count < Ahead)
                {
                    var (id, length) = files[next++];
                    reading.Enqueue(Task.Run(async () => (id, await store.Load(ObjectStore.Index, id, length, plain => IndexDocument.Read(plain.Span, id), stop.Token)), stop.Token));
                }

                yield return await reading.Dequeue();
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAny(Task.WhenAll(reading));
        }
    }
}
