using System.Buffers;
using System.Runtime.CompilerServices;
using MedicineMan.Sdk.Storage;
using MedicineMan.Sdk.Testing.Storage;

namespace MedicineMan.Repository.Tests.Fixtures;

/// <summary>A storage as it is on a bad line: calls that fail before or after they did their work, that stall, and listings that lag behind.</summary>
internal sealed class ShakyStorage : IStorageBackend
{
    private readonly MemoryStorage inner = new();
    private readonly List<string> latest = [];
    private int calls;

    /// <summary>Every so many calls one fails; 0 for none.</summary>
    public int EveryNth { get; set; }

    public bool FailsForGood { get; set; }

    /// <summary>So many objects written last are not listed yet.</summary>
    public int ListsLate { get; set; }

    /// <summary>Writes of keys that start so never come to an end.</summary>
    public string? Stalls { get; set; }

    public int Failures { get; private set; }

    public string Location => inner.Location;

    public async Task<bool> PutAsync(string key, ReadOnlySequence<byte> content, CancellationToken cancel)
    {
        if (Stalls is { } prefix && key.StartsWith(prefix, StringComparison.Ordinal))
        {
            await Task.Delay(Timeout.Infinite, cancel);
        }

        var failure = Fate($"write {key}");
        // An answer that is lost: the work is done, and nobody knows.
        var isDone = failure is null || failure.Message.Contains("reset", StringComparison.Ordinal);
        var result = isDone && await inner.PutAsync(key, content, cancel);
        lock (latest)
        {
            if (isDone)
            {
                latest.Add(key);
            }
        }

        return failure is null ? result : throw failure;
    }

    public async Task ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancel)
    {
        var failure = Fate($"read {key}");
        await inner.ReadAsync(key, offset, destination, cancel);
        if (failure is not null)
        {
            // What had come by then is in the buffer, and not what was asked for.
            destination.Span[(destination.Length / 2)..].Clear();
            throw failure;
        }
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
    {
        HashSet<string> unseen;
        lock (latest)
        {
            unseen = [.. latest.TakeLast(ListsLate)];
        }

        var failure = Fate($"list {prefix}");
        var given = 0;
        await foreach (var found in inner.ListAsync(prefix, cancel))
        {
            if (failure is not null && given++ == 1)
            {
                throw failure;
            }

            if (!unseen.Contains(found.Key))
            {
                yield return found;
            }
        }

        if (failure is not null)
        {
            throw failure;
        }
    }

    public async Task<bool> DeleteAsync(string key, CancellationToken cancel) =>
        Fate($"remove {key}") is { } failure ? throw failure : await inner.DeleteAsync(key, cancel);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private StorageException? Fate(string attempt)
    {
        var call = Interlocked.Increment(ref calls);
        if (EveryNth == 0 || call % EveryNth != 0)
        {
            return null;
        }

        Failures++;
        var reason = (call / EveryNth % 4) switch { 0 => "connection reset", 1 => "500", 2 => "503 slow down", _ => "429 too many requests" };
        return new StorageException($"memory: could not {attempt}: {reason}") { Transient = !FailsForGood };
    }
}

/// <summary>The system's clock, on which a wait of seconds is over at once: retries need not be waited for.</summary>
internal sealed class HastyClock : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, period == Timeout.InfiniteTimeSpan && dueTime < TimeSpan.FromSeconds(20) ? TimeSpan.Zero : dueTime, period);
}
