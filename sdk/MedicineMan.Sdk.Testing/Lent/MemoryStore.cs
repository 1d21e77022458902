using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using MedicineMan.Sdk.Testing.Hosting;

namespace MedicineMan.Sdk.Testing.Lent;

/// <summary>A plugin's store in memory, with the host's limits.</summary>
public sealed class MemoryStore : IPluginStore
{
    private const int LargestValue = 64 * 1024;
    private const long LargestStore = 16 * 1024 * 1024;

    /// <summary>What is stored; put something in to start with.</summary>
    public ConcurrentDictionary<string, byte[]> Values { get; } = new(StringComparer.Ordinal);

    internal Grant? Grant { get; set; }

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>?> GetAsync(string key, CancellationToken cancel)
    {
        Ask(key, cancel);
        return ValueTask.FromResult(Values.TryGetValue(key, out var value) ? value : (ReadOnlyMemory<byte>?)null);
    }

    /// <inheritdoc/>
    public ValueTask SetAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancel)
    {
        Ask(key, cancel);
        if (value.Length > LargestValue || Values.Where(one => one.Key != key).Sum(one => (long)one.Value.Length) + value.Length > LargestStore)
        {
            throw new UserFacingException($"The value of {key} has {value.Length} bytes: a value may have 64 KiB, and all together 16 MiB. Store less.");
        }

        Values[key] = value.ToArray();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<bool> RemoveAsync(string key, CancellationToken cancel)
    {
        Ask(key, cancel);
        return ValueTask.FromResult(Values.TryRemove(key, out _));
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> KeysAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
    {
        Ask("", cancel);
        foreach (var key in Values.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            yield return key;
        }

        await Task.CompletedTask;
    }

    private void Ask(string key, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        Grant?.Need("store");
        ArgumentOutOfRangeException.ThrowIfGreaterThan(key.Length, 200);
    }
}
