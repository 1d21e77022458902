using System.Buffers;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Repository.Tests.Fixtures;

/// <summary>Notes how often packs are read, how much of them, and how much of one at once.</summary>
internal sealed class MeteredStorage(IStorageBackend inner) : IStorageBackend
{
    private int reads;
    private long read;
    private int longest;

    public int Reads => reads;

    public long Read => read;

    public int Longest => longest;

    public string Location => inner.Location;

    public Task<bool> PutAsync(string key, ReadOnlySequence<byte> content, CancellationToken cancel) => inner.PutAsync(key, content, cancel);

    public Task ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancel)
    {
        if (key.StartsWith("data/", StringComparison.Ordinal))
        {
            Interlocked.Increment(ref reads);
            Interlocked.Add(ref read, destination.Length);
            for (var seen = longest; destination.Length > seen; seen = longest)
            {
                Interlocked.CompareExchange(ref longest, destination.Length, seen);
            }
        }

        return inner.ReadAsync(key, offset, destination, cancel);
    }

    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancel) => inner.ListAsync(prefix, cancel);

    public Task<bool> DeleteAsync(string key, CancellationToken cancel) => inner.DeleteAsync(key, cancel);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
