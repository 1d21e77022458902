using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Storing;
using MedicineMan.Repository.Writing;

namespace MedicineMan.Repository.Pruning;

/// <summary>Takes stored blobs into new packs. The first failure, also of a store going on behind it, is thrown by whatever is called next.</summary>
internal sealed class PackSink : IAsyncDisposable
{
    private readonly CancellationTokenSource stop;
    private readonly PackAssembler packs;
    private Exception? failure;

    /// <param name="store">Where they go.</param>
    /// <param name="lost">Signalled when the lock was lost.</param>
    public PackSink(ObjectStore store, CancellationToken lost)
    {
        stop = CancellationTokenSource.CreateLinkedTokenSource(lost);
        packs = new PackAssembler(store, null, Task.CompletedTask, new BackupCounters(), Fail, stop.Token);
    }

    public async Task Add(BlobKind kind, ObjectId id, ReadOnlyMemory<byte> stored, uint uncompressedLength, CancellationToken cancel)
    {
        ThrowIfFailed();
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stop.Token, cancel);
            await packs.Add(kind, id, stored, uncompressedLength, either.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            ThrowIfFailed();
            throw;
        }
    }

    /// <summary>Stores what is still open, and the index of all of it.</summary>
    public async Task Complete(CancellationToken cancel)
    {
        ThrowIfFailed();
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stop.Token, cancel);
            await packs.Complete(either.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            ThrowIfFailed();
            throw;
        }

        ThrowIfFailed();
        stop.Token.ThrowIfCancellationRequested();
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await packs.DisposeAsync();
        stop.Dispose();
    }

    private void Fail(Exception cause)
    {
        Interlocked.CompareExchange(ref failure, cause, null);
        stop.Cancel();
    }

    private void ThrowIfFailed()
    {
        if (failure is { } first)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
        }
    }
}
