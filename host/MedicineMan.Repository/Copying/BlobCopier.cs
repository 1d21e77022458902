using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Pruning;
using MedicineMan.Repository.Reading;
using MedicineMan.Repository.Storing;

namespace MedicineMan.Repository.Copying;

/// <summary>
/// Takes blobs out of one repository and into new packs of another. What is compressed stays so: it is opened, proven, and sealed under the other
/// key. Blobs that lie near each other are read in one go, several reads at a time.
/// </summary>
internal sealed class BlobCopier(ObjectStore source, BlobReader reader, ObjectStore target, PackSink sink)
{
    private const int LargestGap = 256 << 10;
    private const int LargestRead = BlockBuffers.Large;

    private readonly BlockBuffers buffers = new();

    private long blobs;
    private long bytes;

    public long Blobs => Interlocked.Read(ref blobs);

    public long Bytes => Interlocked.Read(ref bytes);

    public async Task Copy(List<BlobEntry> wanted, CancellationToken cancel)
    {
        wanted.Sort((left, right) => (left.Pack, left.Offset).CompareTo((right.Pack, right.Offset)));
        var runs = new List<List<BlobEntry>>();
        foreach (var blob in wanted)
        {
            if (runs.Count == 0 || runs[^1][0] is var first && (first.Pack != blob.Pack
                || blob.Offset - (runs[^1][^1].Offset + (long)runs[^1][^1].Length) > LargestGap || blob.Offset + (long)blob.Length - first.Offset > LargestRead))
            {
                runs.Add([]);
            }

            runs[^1].Add(blob);
        }

        var everyCore = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancel };
        await Parallel.ForEachAsync(runs, everyCore, async (run, token) => await CopyRun(run, token));
    }

    private async Task CopyRun(List<BlobEntry> run, CancellationToken cancel)
    {
        var start = run[0].Offset;
        var length = (int)(run[^1].Offset + (long)run[^1].Length - start);
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
                    await CopyRun([blob], cancel);
                }

                return;
            }

            foreach (var blob in run)
            {
                await CopyBlob(blob, buffer.AsMemory((int)(blob.Offset - start), (int)blob.Length), cancel);
            }
        }
        finally
        {
            buffers.Return(buffer);
        }
    }

    private async Task CopyBlob(BlobEntry blob, ReadOnlyMemory<byte> stored, CancellationToken cancel)
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
                await Store(blob, to.Encode(plain.Span, 3), cancel);
            }
            else if (!blob.IsCompressed)
            {
                await Store(blob, to.Encode(plain.Span, 3), cancel);
            }
            else
            {
                await Store(blob, (to.Reseal(from, blob), blob.UncompressedLength), cancel);
            }
        }
        finally
        {
            source.Return(from);
            target.Return(to);
        }
    }

    private async Task Store(BlobEntry blob, (ReadOnlyMemory<byte> Stored, uint UncompressedLength) encoded, CancellationToken cancel)
    {
        await sink.Add(blob.Kind, blob.Id, encoded.Stored, encoded.UncompressedLength, cancel);
        Interlocked.Increment(ref blobs);
        Interlocked.Add(ref bytes, encoded.Stored.Length);
    }
}
