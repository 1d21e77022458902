using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Pruning;
using MedicineMan.Repository.Reading;
using MedicineMan.Repository.Storing;

namespace MedicineMan.Repository.Copying;

/// <summary>
/// Takes blobs out of one repository and into new packs of another. What is compressed stays so: it is opened, proven, and sealed under the other
/// key. Blobs that lie near each other are read in one go, several reads at a time.
/// </summary>
internal sealed class BlobCopier(ObjectStore source, BlobReader reader, ObjectStore target)
{
    private const int LargestGap = 256 << 10;
    private const int LargestRead = BlockBuffers.Large;

    private readonly BlockBuffers buffers = new();

    private long blobs;
    private long bytes;

    public long Blobs => Interlocked.Read(ref blobs);

    public long Bytes => Interlocked.Read(ref bytes);

    /// <param name="wanted">In the order they lie in; read as far as they are copied.</param>
    /// <param name="sink">Gets them.</param>
    /// <param name="copied">Told of bytes of the source that are done with, from several threads.</param>
    /// <param name="cancel">Ends it.</param>
    public Task Copy(IEnumerable<BlobEntry> wanted, PackSink sink, Action<long> copied, CancellationToken cancel)
    {
        var everyCore = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancel };
        return Parallel.ForEachAsync(
            Runs(wanted),
            everyCore,
            async (run, token) =>
            {
                await CopyRun(run, sink, token);
                copied(run.Sum(blob => blob.Length));
            });
    }

    private static IEnumerable<List<BlobEntry>> Runs(IEnumerable<BlobEntry> blobs)
    {
        var run = new List<BlobEntry>();
        foreach (var blob in blobs)
        {
            if (run.Count > 0 && !BelongsTo(run, blob))
            {
                yield return run;
                run = [];
            }

            run.Add(blob);
        }

        if (run.Count > 0)
        {
            yield return run;
        }
    }

    private static bool BelongsTo(List<BlobEntry> run, BlobEntry blob) =>
        blob.Pack == run[0].Pack && blob.Offset - End(run[^1]) is >= 0 and <= LargestGap && End(blob) - run[0].Offset <= LargestRead;

    private static long End(BlobEntry blob) => blob.Offset + (long)blob.Length;

    private async Task CopyRun(List<BlobEntry> run, PackSink sink, CancellationToken cancel)
    {
        var start = run[0].Offset;
        var length = (int)(End(run[^1]) - start);
        var buffer = buffers.Rent(length);
        try
        {
            try
            {
                await reader.Read(run[0], buffer.AsMemory(0, length), cancel);
            }
            catch (DamagedException) when (run.Count > 1)
            {
                foreach (var blob in run)
                {
                    await CopyRun([blob], sink, cancel);
                }

                return;
            }

            foreach (var blob in run)
            {
                await CopyBlob(blob, buffer.AsMemory((int)(blob.Offset - start), (int)blob.Length), sink, cancel);
            }
        }
        finally
        {
            buffers.Return(buffer);
        }
    }

    private async Task CopyBlob(BlobEntry blob, ReadOnlyMemory<byte> stored, PackSink sink, CancellationToken cancel)
    {
        var largest = (int)Math.Max(blob.Length, blob.PlainLength);
        var (from, to) = (source.RentCodec(largest), target.RentCodec(largest));
        try
        {
            ReadOnlyMemory<byte> plain;
            if (!from.TryDecode(stored.Span, blob.UncompressedLength, out plain) || ObjectId.Of(plain.Span) != blob.Id)
            {
                // From its other place, if it has one.
                plain = await reader.Blob(blob.Kind, blob.Id, cancel);
                await Store(sink, blob, to.Encode(plain.Span, 3), cancel);
            }
            else if (!blob.IsCompressed)
            {
                await Store(sink, blob, to.Encode(plain.Span, 3), cancel);
            }
            else
            {
                await Store(sink, blob, (to.Reseal(from, blob), blob.UncompressedLength), cancel);
            }
        }
        finally
        {
            source.Return(from);
            target.Return(to);
        }
    }

    private async Task Store(PackSink sink, BlobEntry blob, (ReadOnlyMemory<byte> Stored, uint UncompressedLength) encoded, CancellationToken cancel)
    {
        await sink.Add(blob.Kind, blob.Id, encoded.Stored, encoded.UncompressedLength, cancel);
        Interlocked.Increment(ref blobs);
        Interlocked.Add(ref bytes, encoded.Stored.Length);
    }
}
