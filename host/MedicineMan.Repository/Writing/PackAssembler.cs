using System.Security.Cryptography;
using System.Threading.Channels;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Storing;

namespace MedicineMan.Repository.Writing;

/// <summary>
/// Fills packs and stores them. Each block goes to one of several open packs, drawn by lot: in one pack in order, the sizes of blocks would tell
/// which known content it holds.
/// </summary>
internal sealed class PackAssembler : IAsyncDisposable
{
    private const int TargetSize = 16 << 20;

    // Listings come slowly: a full pack of them is held for most of a backup.
    private const int TreeTargetSize = 8 << 20;
    private const int OpenDataPacks = 2;

    // When the open ones hold so much together, the fullest leaves: at about the target size, with the others far from full. Each left when it was full
    // itself before; as the lots fell, both did at once ever so often, and everything waited for them to be stored.
    private const int MostOpen = TargetSize / 2 * (OpenDataPacks + 1);
    private const int Uploads = 2;

    /// <summary>Of very small ones a full pack would hold a hundred thousand, and its part of the index would be tens of megabytes while it is written.</summary>
    public const int MostBlobs = 8_000;

    // All that is open, full or on its way to the storage. Whoever has more waits for an upload.
    private const long MostHeld = 30 << 20;

    private readonly ObjectStore store;
    private readonly BlobIndex? index;
    private readonly BackupCounters counters;
    private readonly Action<Exception> fail;
    private readonly CancellationToken stop;
    private readonly PackBuffer?[] open = new PackBuffer?[OpenDataPacks + 1];
    private readonly Lock gate = new();
    private readonly Channel<PackBuffer> full = Channel.CreateUnbounded<PackBuffer>();
    private readonly PackRoom room = new(MostHeld, 2 * Uploads);

    private readonly byte[] lots = new byte[512];
    private readonly IndexKeeper indexes;
    private readonly Task[] uploads;
    private int usedLots;

    /// <param name="store">Of the repository.</param>
    /// <param name="index">Gets what was stored; null when nobody asks.</param>
    /// <param name="settled">Nothing is stored before the lock is known to hold.</param>
    /// <param name="counters">Of what is stored.</param>
    /// <param name="fail">Given the first failure.</param>
    /// <param name="stop">Ends it.</param>
    public PackAssembler(ObjectStore store, BlobIndex? index, Task settled, BackupCounters counters, Action<Exception> fail, CancellationToken stop)
    {
        this.store = store;
        this.index = index;
        this.counters = counters;
        this.fail = fail;
        this.stop = stop;
        usedLots = lots.Length;
        indexes = new IndexKeeper(store);
        uploads = [.. Enumerable.Range(0, Uploads).Select(_ => Task.Run(() => Upload(settled)))];
    }

    /// <summary>Puts a stored blob into a pack. The memory is free again when this returns its task.</summary>
    public async ValueTask Add(BlobKind kind, ObjectId id, ReadOnlyMemory<byte> stored, uint uncompressedLength, CancellationToken cancel)
    {
        await Reserve(stored.Length, cancel);
        Add(kind, id, stored.Span, uncompressedLength, stored.Length);
    }

    /// <summary>Waits until packs may grow by so many bytes. Whoever needs a codec waits before he takes one, so that there are no more of them than threads at work.</summary>
    public ValueTask Reserve(int bytes, CancellationToken cancel) => room.Take(bytes, cancel);

    /// <summary>Puts a stored blob, for which at least its length was reserved, into a pack.</summary>
    public void Add(BlobKind kind, ObjectId id, ReadOnlySpan<byte> stored, uint uncompressedLength, int reserved)
    {
        room.Spare(reserved - stored.Length);
        PackBuffer pack;
        lock (gate)
        {
            var slot = kind == BlobKind.Tree ? OpenDataPacks : NextLot();
            pack = open[slot] ??= new PackBuffer(kind);
            pack.Add(id, stored, uncompressedLength);
            if (FullBy(slot) is not { } leaving)
            {
                return;
            }

            (pack, open[leaving]) = (open[leaving]!, null);
        }

        Send(pack);
    }

    /// <summary>Stores the packs that are still open, joined where they fit into one, and the index of all.</summary>
    public async Task Complete(CancellationToken cancel)
    {
        Joined().ForEach(Send);

        full.Writer.TryComplete();
        await Task.WhenAll(uploads).WaitAsync(cancel);
        if (!stop.IsCancellationRequested)
        {
            await indexes.Flush(cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        full.Writer.TryComplete();
        await Task.WhenAll(uploads);
        foreach (var pack in open)
        {
            pack?.Release();
        }

        while (full.Reader.TryRead(out var pack))
        {
            pack.Release();
        }

        indexes.Dispose();
    }

    // The slot whose pack is to be stored now that the one in this slot has grown.
    private int? FullBy(int grown)
    {
        var pack = open[grown]!;
        if (pack.Blobs.Count >= MostBlobs)
        {
            return grown;
        }

        if (pack.Kind == BlobKind.Tree)
        {
            return pack.Length >= TreeTargetSize ? grown : null;
        }

        var (together, fullest) = (0L, grown);
        for (var slot = 0; slot < OpenDataPacks; slot++)
        {
            var length = open[slot]?.Length ?? 0;
            together += length;
            fullest = length > open[fullest]!.Length ? slot : fullest;
        }

        return together >= MostOpen ? fullest : null;
    }

    // Drawn many at once: one by one they were a noticeable part of storing a small block.
    private int NextLot()
    {
        while (true)
        {
            if (usedLots == lots.Length)
            {
                RandomNumberGenerator.Fill(lots);
                usedLots = 0;
            }

            // The largest numbers would favor the first packs.
            if (lots[usedLots++] is < byte.MaxValue / OpenDataPacks * OpenDataPacks and var lot)
            {
                return lot % OpenDataPacks;
            }
        }
    }

    private void Send(PackBuffer pack)
    {
        room.Leaving();
        full.Writer.TryWrite(pack);
    }

    // Small backups would otherwise leave a pack for each slot behind.
    private List<PackBuffer> Joined()
    {
        var joined = new List<PackBuffer>();
        lock (gate)
        {
            foreach (var pack in open.OfType<PackBuffer>().OrderBy(pack => pack.Length))
            {
                if (joined.Find(other => other.Kind == pack.Kind && other.Length + pack.Length <= TargetSize) is { } room)
                {
                    room.Absorb(pack);
                }
                else
                {
                    joined.Add(pack);
                }
            }

            Array.Clear(open);
        }

        return joined;
    }

    private async Task Upload(Task settled)
    {
        try
        {
            await settled.WaitAsync(stop);
            await foreach (var pack in full.Reader.ReadAllAsync(stop))
            {
                var held = pack.Length;
                await Store(pack);
                pack.Release();
                room.Give(held);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The cause is recorded, or the session is being given up.
        }
        catch (Exception cause)
        {
            fail(cause);
        }
    }

    private async Task Store(PackBuffer pack)
    {
        var codec = store.RentCodec();
        var header = PackHeader.Write(pack.Blobs, codec.Sealer);
        store.Return(codec);
        pack.Append(header);
        counters.Overhead(header.Length);
        var id = pack.Hash();
        await store.Put(ObjectStore.PackKey(id), pack.Content(), stop);

        IndexedPack[] stored = [new IndexedPack(id, pack.Blobs)];
        await indexes.Add(stored[0], stop);
        index?.Add(stored);
    }
}
