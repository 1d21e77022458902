using System.Threading.Channels;
using MedicineMan.Repository.Crypto;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Storing;

namespace MedicineMan.Repository.Writing;

/// <summary>
/// Names, looks up, compresses, seals and packs blocks on every processor. The first failure stops everything: whoever adds or waits then gets it.
/// </summary>
internal sealed class BlobPipeline : IAsyncDisposable
{
    private const int QueuedBlocks = 512;

    private readonly ObjectStore store;
    private readonly BlobIndex known;

    // Only what is in a stored index may be relied on by others: what this backup stores becomes that when it completes, and never if it fails.
    private readonly BlobIndex own = new();
    private readonly PackAssembler packs;
    private readonly BackupCounters counters;
    private readonly CancellationTokenSource stop = new();
    private readonly Channel<Block> blocks = Channel.CreateBounded<Block>(QueuedBlocks);
    private readonly Task[] workers;
    private Exception? failure;

    public BlobPipeline(ObjectStore store, BlobIndex known, Task settled, BackupCounters counters)
    {
        this.store = store;
        this.known = known;
        this.counters = counters;
        packs = new PackAssembler(store, own, settled, counters, Fail, stop.Token);
        workers = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Task.Run(Work))];
    }

    /// <summary>Fires when the pipeline has failed.</summary>
    public CancellationToken Stopped => stop.Token;

    public async ValueTask Add(StreamContent content, Slab slab, int offset, int length, CancellationToken cancel)
    {
        var ordinal = content.Reserve();
        slab.Hold();
        await blocks.Writer.WriteAsync(new Block(content, ordinal, slab, offset, length), cancel);
    }

    /// <summary>Stores a block at once, on the caller's thread: for many small ones, of which each costs less than handing it over.</summary>
    public async ValueTask<ObjectId> AddHere(ReadOnlyMemory<byte> plain, LevelChoice level, CancellationToken cancel) => (await Store(plain, level, cancel)).Id;

    /// <summary>Stores a folder listing.</summary>
    public async Task<ObjectId> AddTree(ReadOnlyMemory<byte> json, CancellationToken cancel)
    {
        var id = ObjectId.Of(json.Span);
        if (IsNew(BlobKind.Tree, id))
        {
            counters.TreeStored(json.Length, await Put(BlobKind.Tree, id, json, null, cancel));
        }

        return id;
    }

    /// <summary>Stores what is still open, and the index: when this returns, everything added survives.</summary>
    public async Task Complete(CancellationToken cancel)
    {
        blocks.Writer.TryComplete();
        await Task.WhenAll(workers).WaitAsync(cancel);
        ThrowIfFailed();
        await packs.Complete(cancel);
        ThrowIfFailed();
    }

    public void ThrowIfFailed()
    {
        if (failure is { } first)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
        }
    }

    public void Fail(Exception cause)
    {
        Interlocked.CompareExchange(ref failure, cause, null);
        stop.Cancel();
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        blocks.Writer.TryComplete();
        await Task.WhenAll(workers);
        await packs.DisposeAsync();
        stop.Dispose();
    }

    private async Task Work()
    {
        try
        {
            await foreach (var block in blocks.Reader.ReadAllAsync(stop.Token))
            {
                await Process(block);
                block.Slab.Release();
                block.Content.Finish();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The cause is recorded, or the session is being given up.
        }
        catch (Exception cause)
        {
            Fail(cause);
        }
    }

    private async ValueTask Process(Block block)
    {
        var plain = block.Slab.Buffer.AsMemory(block.Offset, block.Length);
        var (id, stored) = await Store(plain, block.Content.Level, stop.Token);
        block.Content.Set(block.Ordinal, id);
        if (stored > 0)
        {
            block.Content.CountNew(plain.Length, stored);
        }
    }

    private async ValueTask<(ObjectId Id, int Stored)> Store(ReadOnlyMemory<byte> plain, LevelChoice level, CancellationToken cancel)
    {
        var id = ObjectId.Of(plain.Span);
        if (!IsNew(BlobKind.Data, id))
        {
            return (id, 0);
        }

        var stored = await Put(BlobKind.Data, id, plain, level, cancel);
        counters.DataStored(plain.Length, stored);
        return (id, stored);
    }

    // The level of listings is 3.
    private async ValueTask<int> Put(BlobKind kind, ObjectId id, ReadOnlyMemory<byte> plain, LevelChoice? level, CancellationToken cancel)
    {
        var most = plain.Length + Sealer.Overhead;
        await packs.Reserve(most, cancel);
        var codec = store.RentCodec(plain.Length);
        try
        {
            var (stored, uncompressed) = codec.Encode(plain.Span, level?.For(plain.Span, codec) ?? 3);
            packs.Add(kind, id, stored.Span, uncompressed, most);
            level?.Saw(plain.Length, stored.Length);
            return stored.Length;
        }
        finally
        {
            store.Return(codec);
        }
    }

    private bool IsNew(BlobKind kind, ObjectId id) => !known.TryFind(kind, id, out _) && own.TryClaim(kind, id);

    private readonly record struct Block(StreamContent Content, int Ordinal, Slab Slab, int Offset, int Length);
}
