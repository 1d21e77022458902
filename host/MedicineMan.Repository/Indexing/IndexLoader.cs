using MedicineMan.Repository.Format;
using MedicineMan.Repository.Storing;

namespace MedicineMan.Repository.Indexing;

/// <summary>Brings the index in memory up to what is stored: reads what is new, on every core, and starts over when something was removed.</summary>
internal sealed class IndexLoader(ObjectStore store) : IDisposable
{
    private readonly SemaphoreSlim turn = new(1);
    private readonly HashSet<ObjectId> loaded = [];
    private readonly List<string> damaged = [];
    private BlobIndex index = new();

    /// <summary>Index files that are not readable, one sentence each.</summary>
    public IReadOnlyList<string> Damaged => damaged;

    public void Dispose() => turn.Dispose();

    public async Task<BlobIndex> Current(CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            var files = await store.List(ObjectStore.Index, cancel);
            if (loaded.Except(files.Select(file => file.Id)).Any())
            {
                // Whoever still works with the old one keeps it.
                index = new BlobIndex();
                loaded.Clear();
                damaged.Clear();
            }

            // A file is some ten megabytes while it is taken apart: one for each core bounds that.
            var everyCore = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancel };
            await Parallel.ForEachAsync(files.Where(file => !loaded.Contains(file.Id)).ToList(), everyCore, async (file, token) => await Load(file.Id, file.Length, token));
            return index;
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task Load(ObjectId id, long length, CancellationToken cancel)
    {
        string? fault = null;
        try
        {
            index.Add(await store.Load(ObjectStore.Index, id, length, plain => IndexDocument.Read(plain.Span, id), cancel));
        }
        catch (DamagedException failure)
        {
            // What only this file knows of can't be found; all the rest can.
            fault = failure.Message;
        }

        lock (loaded)
        {
            loaded.Add(id);
            if (fault is not null)
            {
                damaged.Add(fault);
            }
        }
    }
}
