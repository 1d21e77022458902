using System.Buffers;
using System.Text.Json;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Locking;
using MedicineMan.Repository.Storing;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Repository.Repairing;

/// <summary>
/// Lifts a repository of version 1 to version 2. Only its config says which it is. A storage can't replace a file, so for a moment there is none:
/// the new one is stored under another name before, and whoever opens the repository after a crash finishes the upgrade with it.
/// </summary>
internal static class Upgrade
{
    public const string Pending = "config.upgrade";
    public const int Version = 2;

    public static async Task Run(ObjectStore store, ConfigDocument config, TimeSpan patience, CancellationToken cancel)
    {
        await using var held = await RepositoryLock.Acquire(store, exclusive: true, patience, cancel);
        var content = new ReadOnlySequence<byte>(store.Seal(JsonSerializer.SerializeToUtf8Bytes(config with { Version = Version }, FormatJson.Relaxed.ConfigDocument)));
        await store.Delete(Pending, cancel);
        await store.Put(Pending, content, cancel);
        held.ThrowIfLost();
        await store.Delete(ObjectStore.Config, cancel);
        await store.Put(ObjectStore.Config, content, cancel);
        await store.Delete(Pending, cancel);
    }

    /// <summary>Ends an upgrade that was broken off between the old config and the new one.</summary>
    /// <returns>The config's length, or 0 when there is nothing to end.</returns>
    public static async Task<long> Resume(IStorageBackend storage, CancellationToken cancel)
    {
        await foreach (var file in storage.ListAsync(Pending, cancel))
        {
            if (file.Key == Pending && file.Length is > 0 and < 64 * 1024)
            {
                var content = new byte[file.Length];
                await storage.ReadAsync(Pending, 0, content, cancel);
                await storage.PutAsync(ObjectStore.Config, new ReadOnlySequence<byte>(content), cancel);
                await storage.DeleteAsync(Pending, cancel);
                return file.Length;
            }
        }

        return 0;
    }
}
