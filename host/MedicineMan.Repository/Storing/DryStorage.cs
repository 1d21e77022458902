using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Repository.Storing;

/// <summary>A storage that is only read: what would be written is dropped, but for locks, which are remembered, since their holder looks after them.</summary>
internal sealed class DryStorage(IStorageBackend storage, TimeProvider clock) : IStorageBackend
{
    private readonly ConcurrentDictionary<string, byte[]> locks = [];

    public string Location => storage.Location;

    public Task<bool> PutAsync(string key, ReadOnlySequence<byte> content, CancellationToken cancel) =>
        Task.FromResult(!key.StartsWith(ObjectStore.Locks, StringComparison.Ordinal) || locks.TryAdd(key, content.ToArray()));

    public Task ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancel)
    {
        if (!locks.TryGetValue(key, out var content))
        {
            return storage.ReadAsync(key, offset, destination, cancel);
        }

        content.AsMemory((int)offset, destination.Length).CopyTo(destination);
        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var stored in storage.ListAsync(prefix, cancel))
        {
            yield return stored;
        }

        foreach (var (key, content) in locks.Where(held => held.Key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            yield return new StoredObject(key, content.Length, clock.GetUtcNow());
        }
    }

    public Task<bool> DeleteAsync(string key, CancellationToken cancel) => Task.FromResult(locks.TryRemove(key, out _));

    // The storage stays its owner's.
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
