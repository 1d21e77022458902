using System.Buffers;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Storing;

namespace MedicineMan.Repository.Writing;

/// <summary>
/// Writes index files for stored packs, each well below the 8 MiB that readers expect at most, and every few minutes: what no index lists is stored once more
/// when the work is broken off and begun again.
/// </summary>
internal sealed class IndexKeeper(ObjectStore store) : IDisposable
{
    // Some three megabytes before they are compressed.
    private const int BlobsPerFile = 16_000;

    // Of large blocks that many would be an hour's work for a slow line.
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private readonly SemaphoreSlim turn = new(1);
    private readonly List<IndexedPack> packs = [];
    private readonly ArrayBufferWriter<byte> buffer = new(IndexDocument.Bound(BlobsPerFile + PackAssembler.MostBlobs));
    private long written = store.Clock.GetTimestamp();

    public async Task Add(IndexedPack pack, CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            packs.Add(pack);
            if (packs.Sum(known => known.Blobs.Count) >= BlobsPerFile || store.Clock.GetElapsedTime(written) >= Longest)
            {
                await Write(cancel);
            }
        }
        finally
        {
            turn.Release();
        }
    }

    public async Task Flush(CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            if (packs.Count > 0)
            {
                await Write(cancel);
            }
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => turn.Dispose();

    private async Task Write(CancellationToken cancel)
    {
        await store.Save(ObjectStore.Index, IndexDocument.Write(packs, buffer), cancel);
        packs.Clear();
        written = store.Clock.GetTimestamp();
    }
}
