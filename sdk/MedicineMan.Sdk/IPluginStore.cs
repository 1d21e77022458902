namespace MedicineMan.Sdk;

/// <summary>A plugin's own small store, kept over restarts and upgrades and removed with the plugin. Needs the capability <c>store</c>.</summary>
/// <remarks>At most 64 KiB a value and 16 MiB in all; what is too much is refused with a <see cref="UserFacingException"/>.</remarks>
public interface IPluginStore
{
    /// <summary>The value; null when there is none.</summary>
    /// <param name="key">At most 200 characters.</param>
    /// <param name="cancel">Ends the wait.</param>
    ValueTask<ReadOnlyMemory<byte>?> GetAsync(string key, CancellationToken cancel);

    /// <summary>Sets a value, in place of an earlier one.</summary>
    ValueTask SetAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancel);

    /// <summary>Removes a value.</summary>
    /// <returns>False when there was none.</returns>
    ValueTask<bool> RemoveAsync(string key, CancellationToken cancel);

    /// <summary>The keys that start with the prefix, in order.</summary>
    IAsyncEnumerable<string> KeysAsync(string prefix, CancellationToken cancel);
}
