using System.Threading.Channels;
using MedicineMan.Repository.Indexing;

namespace MedicineMan.Repository.Reading;

/// <summary>
/// A file's blocks in order, fetched and decoded ahead on every core. Blocks that lie near each other in a pack are fetched in one read: they were
/// written one after the other, only spread over a few packs.
/// </summary>
internal sealed class FileBlocks(BlobReader blobs, IReadOnlyList<ObjectId> content)
{
    private const int WindowBytes = 2 << 20;
    private const int LargestGap = 64 << 10;
    private const int LargestRead = 8 << 20;

    private long[]? ends;

    /// <summary>How many bytes there are.</summary>
    public long Length => Ends is [.., var last] ? last : 0;

    // Where each block ends. Whoever reads from front to back needs none of them.
    private long[] Ends => ends ??= FindEnds();

    /// <summary>Gives the file's bytes to the sink, piece by piece and in order. The memory is only lent.</summary>
    public Task CopyTo(Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> sink, CancellationToken cancel) => Copy(0, content.Count, sink, cancel);

    /// <summary>Gives a stretch of them to the sink. Only the blocks it lies in are read.</summary>
    public async Task CopyRange(ByteRange range, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> sink, CancellationToken cancel)
    {
        if (range.Length == 0)
        {
            return;
        }

        var first = FirstEndBeyond(range.Offset);
        var at = first == 0 ? 0 : Ends[first - 1];
        await Copy(
            first, Math.Min(content.Count, FirstEndBeyond(range.End - 1) + 1),
            (bytes, token) =>
            {
                var part = range.Within(at, bytes.Length);
                at += bytes.Length;
                return part.Length == 0 ? ValueTask.CompletedTask : sink(bytes.Slice((int)part.Offset, (int)part.Length), token);
            },
            cancel);
    }

    private int FirstEndBeyond(long offset)
    {
        var at = Array.BinarySearch(Ends, offset + 1);
        return at < 0 ? ~at : at;
    }

    private long[] FindEnds()
    {
        var found = new long[content.Count];
        var end = 0L;
        for (var i = 0; i < found.Length; i++)
        {
            found[i] = end += Place(content[i]).PlainLength;
        }

        return found;
    }

    private BlobEntry Place(ObjectId id) => blobs.Index.TryFind(BlobKind.Data, id, out var place)
        ? place
        : throw new DamagedException($"The block {id.Prefix} is in no index: a pack or an index file was lost.");

    private async Task Copy(int first, int end, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> sink, CancellationToken cancel)
    {
        if (first >= end)
        {
            return;
        }

        var (places, bytes, next) = FirstWindow(first, end);
        if (next == end)
        {
            // Nothing to be read ahead.
            using var all = await Load(places, bytes, cancel);
            await sink(all.Bytes, cancel);
            return;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var windows = Channel.CreateBounded<Task<Window>>(Environment.ProcessorCount);
        var planning = Plan(first, end, windows.Writer, stop.Token);
        try
        {
            await foreach (var loading in windows.Reader.ReadAllAsync(cancel))
            {
                using var window = await loading;
                await sink(window.Bytes, cancel);
            }

            await planning;
        }
        finally
        {
            await stop.CancelAsync();
            await Drain(windows, planning);
        }
    }

    private static async Task Drain(Channel<Task<Window>> windows, Task planning)
    {
        await Task.WhenAny(planning);
        while (windows.Reader.TryRead(out var loading))
        {
            await Task.WhenAny(loading);
            if (loading.IsCompletedSuccessfully)
            {
                loading.Result.Dispose();
            }
        }
    }

    private async Task Plan(int first, int end, ChannelWriter<Task<Window>> windows, CancellationToken cancel)
    {
        try
        {
            for (var from = first; from < end;)
            {
                (var places, var bytes, from) = FirstWindow(from, end);
                await windows.WriteAsync(Task.Run(() => Load(places, bytes, cancel), cancel), cancel);
            }

            windows.Complete();
        }
        catch (Exception failure)
        {
            windows.Complete(failure);
        }
    }

    // As many blocks as are fetched together, their length, and the block after them.
    private (List<BlobEntry> Places, int Bytes, int Next) FirstWindow(int from, int end)
    {
        var places = new List<BlobEntry>();
        var bytes = 0L;
        while (from < end && (places.Count == 0 || bytes < WindowBytes))
        {
            var place = Place(content[from]);
            places.Add(place);
            bytes += place.PlainLength;
            from++;
        }

        return (places, (int)bytes, from);
    }

    private async Task<Window> Load(List<BlobEntry> places, int bytes, CancellationToken cancel)
    {
        var window = new Window(blobs.Buffers, bytes);
        try
        {
            var offset = 0;
            var wanted = new List<(BlobEntry Place, int At)>(places.Count);
            foreach (var place in places)
            {
                wanted.Add((place, offset));
                offset += (int)place.PlainLength;
            }

            wanted.Sort((left, right) => (left.Place.Pack, left.Place.Offset).CompareTo((right.Place.Pack, right.Place.Offset)));
            for (var from = 0; from < wanted.Count;)
            {
                var to = RunEnd(wanted, from);
                await LoadRun(wanted.GetRange(from, to - from), window, cancel);
                from = to;
            }

            return window;
        }
        catch
        {
            window.Dispose();
            throw;
        }
    }

    private static int RunEnd(List<(BlobEntry Place, int At)> wanted, int from)
    {
        var first = wanted[from].Place;
        var to = from + 1;
        for (var end = first.Offset + (long)first.Length; to < wanted.Count; to++)
        {
            var next = wanted[to].Place;
            if (next.Pack != first.Pack || next.Offset - end > LargestGap || next.Offset + (long)next.Length - first.Offset > LargestRead)
            {
                break;
            }

            end = Math.Max(end, next.Offset + (long)next.Length);
        }

        return to;
    }

    private async Task LoadRun(List<(BlobEntry Place, int At)> run, Window window, CancellationToken cancel)
    {
        var start = run[0].Place.Offset;
        var length = (int)(run.Max(block => block.Place.Offset + (long)block.Place.Length) - start);
        var stored = blobs.Buffers.Rent(length);
        try
        {
            await blobs.Read(run[0].Place, stored.AsMemory(0, length), cancel);
            foreach (var (place, at) in run)
            {
                blobs.Decode(place, stored.AsSpan((int)(place.Offset - start), (int)place.Length), window.Slot(at, (int)place.PlainLength));
            }
        }
        catch (DamagedException)
        {
            // One by one: what is intact is used, and the message names the one that is not.
            foreach (var (place, at) in run)
            {
                var plain = await blobs.Blob(BlobKind.Data, place.Id, cancel);
                plain.Span.CopyTo(window.Slot(at, (int)place.PlainLength));
            }
        }
        finally
        {
            blobs.Buffers.Return(stored);
        }
    }

    private sealed class Window(BlockBuffers buffers, int length) : IDisposable
    {
        private readonly byte[] buffer = buffers.Rent(length);

        public ReadOnlyMemory<byte> Bytes => buffer.AsMemory(0, length);

        public Span<byte> Slot(int at, int size) => buffer.AsSpan(at, size);

        public void Dispose() => buffers.Return(buffer);
    }
}
