using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Reading;
using MedicineMan.Repository.Storing;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Repository.Pruning;

/// <summary>Carries blobs of a pack over into new packs, each proven on the way. A blob is sealed on its own, so it moves as it is.</summary>
internal sealed class PackMover(ObjectStore store, PackSink sink, bool dryRun = false)
{
    private const int LargestGap = 256 << 10;
    private const int LargestRead = BlockBuffers.Large;

    private readonly BlockBuffers buffers = new();

    /// <param name="pack">Where they lie.</param>
    /// <param name="blobs">Which.</param>
    /// <param name="compress">True to compress what is not yet.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>Blobs that are not what was written, or can't be read: they were left behind.</returns>
    public async Task<List<BlobEntry>> Move(ObjectId pack, IEnumerable<BlobEntry> blobs, bool compress, CancellationToken cancel)
    {
        var damaged = new List<BlobEntry>();
        var wanted = blobs.OrderBy(blob => blob.Offset).ToList();
        for (var from = 0; from < wanted.Count;)
        {
            var to = RunEnd(wanted, from);
            await MoveRun(pack, wanted.GetRange(from, to - from), compress, damaged, cancel);
            from = to;
        }

        return damaged;
    }

    private static int RunEnd(List<BlobEntry> wanted, int from)
    {
        var to = from + 1;
        for (var end = wanted[from].Offset + (long)wanted[from].Length; to < wanted.Count; to++)
        {
            var next = wanted[to];
            if (next.Offset - end > LargestGap || next.Offset + (long)next.Length - wanted[from].Offset > LargestRead)
            {
                break;
            }

            end = Math.Max(end, next.Offset + (long)next.Length);
        }

        return to;
    }

    private async Task MoveRun(ObjectId pack, List<BlobEntry> run, bool compress, List<BlobEntry> damaged, CancellationToken cancel)
    {
        var start = run[0].Offset;
        var length = (int)(run.Max(blob => blob.Offset + (long)blob.Length) - start);
        var buffer = buffers.Rent(length);
        try
        {
            await store.ReadRange(ObjectStore.PackKey(pack), start, buffer.AsMemory(0, length), cancel);
            foreach (var blob in run)
            {
                await MoveBlob(blob, buffer.AsMemory((int)(blob.Offset - start), (int)blob.Length), compress, damaged, cancel);
            }
        }
        catch (StorageException failure) when (failure.IsDamage)
        {
            if (run.Count == 1)
            {
                damaged.Add(run[0]);
                return;
            }

            // One by one: what lies before the end of a pack cut short is still there.
            foreach (var blob in run)
            {
                await MoveRun(pack, [blob], compress, damaged, cancel);
            }
        }
        finally
        {
            buffers.Return(buffer);
        }
    }

    private async Task MoveBlob(BlobEntry blob, ReadOnlyMemory<byte> stored, bool compress, List<BlobEntry> damaged, CancellationToken cancel)
    {
        var codec = store.RentCodec((int)Math.Max(blob.Length, blob.PlainLength));
        try
        {
            if (!codec.TryDecode(stored.Span, blob.UncompressedLength, out var plain) || ObjectId.Of(plain.Span) != blob.Id)
            {
                damaged.Add(blob);
                return;
            }

            if (dryRun)
            {
                return;
            }

            if (!compress || blob.IsCompressed)
            {
                await sink.Add(blob.Kind, blob.Id, stored, blob.UncompressedLength, cancel);
                return;
            }

            var writer = store.RentCodec(plain.Length);
            try
            {
                var (moved, uncompressed) = writer.Encode(plain.Span, 3);
                await sink.Add(blob.Kind, blob.Id, moved, uncompressed, cancel);
            }
            finally
            {
                store.Return(writer);
            }
        }
        finally
        {
            store.Return(codec);
        }
    }
}
