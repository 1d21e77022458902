using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Sdk.Testing.Storage;

/// <summary>A storage in memory, for tests that need no disk. Its objects can be looked at and damaged.</summary>
public sealed class MemoryStorage : IStorageBackend
{
    /// <summary>The objects by key.</summary>
    public ConcurrentDictionary<string, byte[]> Objects { get; } = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public string Location => "memory";

    /// <inheritdoc/>
    public Task<bool> PutAsync(string key, ReadOnlySequence<byte> content, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return Task.FromResult(Objects.TryAdd(key, content.ToArray()));
    }

    /// <inheritdoc/>
    public Task ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancel)
    {
        if (!Objects.TryGetValue(key, out var content))
        {
            throw new StorageObjectMissingException(key, Location);
        }

        if (offset + destination.Length > content.Length)
        {
            throw new StorageException($"{Location} has only {content.Length} bytes of {key}.") { IsDamage = true };
        }

        content.AsMemory((int)offset, destination.Length).CopyTo(destination);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (var (key, content) in Objects)
        {
            cancel.ThrowIfCancellationRequested();
            if (key.StartsWith(prefix, StringComparison.Ordinal))
            {
                yield return new StoredObject(key, content.Length, DateTimeOffset.UnixEpoch);
            }
        }

        await Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string key, CancellationToken cancel) => Task.FromResult(Objects.TryRemove(key, out _));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
