using System.Buffers;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Sdk.Testing.Storage;

/// <summary>A storage that fails when a test says so; everything else goes to the storage behind it.</summary>
public sealed class FailingStorage(IStorageBackend inner) : IStorageBackend
{
    /// <summary>Called before each write with its key and length; throws to make it fail.</summary>
    public Action<string, long>? OnPut { get; set; }

    /// <summary>Called before each read with its key; throws to make it fail.</summary>
    public Action<string>? OnRead { get; set; }

    /// <summary>Called before each removal with its key; throws to make it fail.</summary>
    public Action<string>? OnDelete { get; set; }

    /// <inheritdoc/>
    public string Location => inner.Location;

    /// <summary>Fails every write once this many bytes have been written, as a full disk does.</summary>
    public void FillUpAfter(long bytes)
    {
        var written = 0L;
        OnPut = (key, length) =>
        {
            if (Interlocked.Add(ref written, length) > bytes)
            {
                throw new StorageException($"{Location}: the disk is full, could not write {key}. Free some space.");
            }
        };
    }

    /// <inheritdoc/>
    public async Task<bool> PutAsync(string key, ReadOnlySequence<byte> content, CancellationToken cancel)
    {
        OnPut?.Invoke(key, content.Length);
        return await inner.PutAsync(key, content, cancel);
    }

    /// <inheritdoc/>
    public async Task ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancel)
    {
        OnRead?.Invoke(key);
        await inner.ReadAsync(key, offset, destination, cancel);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancel) => inner.ListAsync(prefix, cancel);

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(string key, CancellationToken cancel)
    {
        OnDelete?.Invoke(key);
        return await inner.DeleteAsync(key, cancel);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
