using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using MedicineMan.Sdk.Storage;
using MedicineMan.Sdk.Testing.Storage;

namespace MedicineMan.Repository.Tests.Faults;

/// <summary>
/// A storage that remembers when each change began and when it was safe. For any moment it can say what a power cut would have left: all that was
/// safe by then, and of what was under way some, whole or not at all.
/// </summary>
[SuppressMessage("Security", "CA5394:Do not use insecure randomness", Justification = "The same run again is the point.")]
internal sealed class JournaledStorage : IStorageBackend
{
    private readonly MemoryStorage inner = new();
    private readonly List<Change> changes = [];
    private readonly Random random = new(11);
    private int now;

    public string Location => inner.Location;

    /// <summary>The moments so far.</summary>
    public int Now => Volatile.Read(ref now);

    public async Task<bool> PutAsync(string key, ReadOnlySequence<byte> content, CancellationToken cancel)
    {
        if (inner.Objects.ContainsKey(key))
        {
            return false;
        }

        var bytes = content.ToArray();
        await Journal(key, bytes, cancel);
        return await inner.PutAsync(key, new ReadOnlySequence<byte>(bytes), cancel);
    }

    public Task ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancel) => inner.ReadAsync(key, offset, destination, cancel);

    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancel) => inner.ListAsync(prefix, cancel);

    public async Task<bool> DeleteAsync(string key, CancellationToken cancel)
    {
        await Journal(key, null, cancel);
        return await inner.DeleteAsync(key, cancel);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>What is there after a power cut at a moment; the seed draws what survives of the changes under way.</summary>
    public MemoryStorage After(int moment, int seed)
    {
        var left = new MemoryStorage();
        var lot = new Random(seed);
        lock (changes)
        {
            foreach (var change in changes.Where(change => change.Began < moment).OrderBy(change => change.Safe))
            {
                if (change.Safe > moment && lot.Next(2) == 0)
                {
                    continue;
                }

                if (change.Content is null)
                {
                    left.Objects.TryRemove(change.Key, out _);
                }
                else
                {
                    left.Objects.TryAdd(change.Key, change.Content);
                }
            }
        }

        return left;
    }

    private async Task Journal(string key, byte[]? content, CancellationToken cancel)
    {
        var change = new Change(key, content, Interlocked.Increment(ref now));
        TimeSpan length;
        lock (changes)
        {
            changes.Add(change);
            length = TimeSpan.FromMilliseconds(random.Next(12));
        }

        await Task.Delay(length, cancel);
        change.Safe = Interlocked.Increment(ref now);
    }

    private sealed record Change(string Key, byte[]? Content, int Began)
    {
        public int Safe { get; set; } = int.MaxValue;
    }
}
