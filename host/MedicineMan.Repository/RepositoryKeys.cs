using System.Text.Json;
using MedicineMan.Repository.Crypto;
using MedicineMan.Repository.Keys;
using MedicineMan.Repository.Storing;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Repository;

/// <summary>The passwords of a repository: each wraps the same master key in a slot of its own.</summary>
public sealed class RepositoryKeys
{
    private const int LargestSlot = 64 * 1024;

    private readonly ObjectStore store;
    private readonly KeyCost cost;

    internal RepositoryKeys(ObjectStore store, KeyCost cost, ObjectId openedWith)
    {
        this.store = store;
        this.cost = cost;
        OpenedWith = openedWith;
    }

    /// <summary>The slot this repository was opened by.</summary>
    public ObjectId OpenedWith { get; private set; }

    /// <summary>All slots.</summary>
    public async Task<IReadOnlyList<RepositoryKey>> List(CancellationToken cancel)
    {
        var keys = new List<RepositoryKey>();
        foreach (var (id, length) in await store.List(ObjectStore.Keys, cancel))
        {
            var slot = await Load(to => store.ReadRange(ObjectStore.Keys + id, 0, to, cancel), id, length, whole: true);
            keys.Add(new RepositoryKey(id, slot?.UserName ?? "", slot?.HostName ?? "", slot?.Created ?? default, slot is not null, id == OpenedWith));
        }

        return [.. keys.OrderBy(key => key.Created)];
    }

    /// <summary>Adds a password.</summary>
    /// <returns>Its slot.</returns>
    public Task<ObjectId> Add(string password, CancellationToken cancel) => Add(store.Storage, store.Key, password, cost, store.Clock, cancel);

    /// <summary>Removes a slot: its password opens nothing any more, though whoever has copied the slot before keeps what it opens.</summary>
    /// <param name="idOrPrefix">Id or the start of one.</param>
    /// <param name="dryRun">True to find it only.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <returns>Which one.</returns>
    /// <exception cref="UserFacingException">No such slot, several, the last one, or the one in use.</exception>
    public async Task<ObjectId> Remove(string idOrPrefix, bool dryRun, CancellationToken cancel)
    {
        var all = await store.List(ObjectStore.Keys, cancel);
        var matching = all.Where(key => key.Id.ToString().StartsWith(idOrPrefix, StringComparison.OrdinalIgnoreCase)).ToList();
        if (matching.Count != 1)
        {
            throw new UserFacingException(
                matching.Count == 0 ? $"No key of {store.Location} starts with {idOrPrefix}." : $"{matching.Count} keys of {store.Location} start with {idOrPrefix}. Give more of the id.");
        }

        if (all.Count == 1)
        {
            throw new UserFacingException($"This is the only key of {store.Location}: without it nobody could ever read the backups. Add another one first.");
        }

        if (matching[0].Id == OpenedWith)
        {
            throw new UserFacingException($"The key {OpenedWith.Prefix} is the one you opened {store.Location} with. Open it with another password to remove this one.");
        }

        await (dryRun ? Task.CompletedTask : store.Delete(ObjectStore.Keys + matching[0].Id, cancel));
        return matching[0].Id;
    }

    /// <summary>Puts a new password in the place of the one this repository was opened with.</summary>
    /// <returns>Its slot.</returns>
    public async Task<ObjectId> Change(string password, CancellationToken cancel)
    {
        var added = await Add(password, cancel);
        // The old one goes only when the new one has been seen to open what is stored.
        var (opened, _, _) = await Open(store.Storage, password, cancel);
        if (opened is null)
        {
            throw new UserFacingException($"The new key of {store.Location} did not open it when it was tried. The old password still does.");
        }

        await store.Delete(ObjectStore.Keys + OpenedWith, cancel);
        OpenedWith = added;
        return added;
    }

    internal static async Task<ObjectId> Add(
        IStorageBackend storage, MasterKey master, string password, KeyCost cost, TimeProvider clock, CancellationToken cancel)
    {
        if (password.Length == 0)
        {
            throw new UserFacingException("The password of a repository can't be empty.") { Permanent = true };
        }

        var slot = KeySlot.Wrap(master, password, cost, Environment.UserName, Environment.MachineName, clock.GetUtcNow());
        var json = JsonSerializer.SerializeToUtf8Bytes(slot, KeyJson.Default.KeySlot);
        var id = ObjectId.Of(json);
        await storage.PutAsync(ObjectStore.Keys + id, new System.Buffers.ReadOnlySequence<byte>(json), cancel);
        return id;
    }

    /// <summary>The master key that a password opens, or null.</summary>
    internal static async Task<(MasterKey? Key, ObjectId Slot, int Slots)> Open(IStorageBackend storage, string password, CancellationToken cancel)
    {
        var slots = 0;
        await foreach (var file in storage.ListAsync(ObjectStore.Keys, cancel))
        {
            if (!ObjectId.TryParse(file.Key[ObjectStore.Keys.Length..], out var id))
            {
                continue;
            }

            slots++;
            if (await Load(to => storage.ReadAsync(ObjectStore.Keys + id, 0, to, cancel), id, file.Length, whole: false) is { } slot && slot.TryUnwrap(password) is { } key)
            {
                return (key, id, slots);
            }
        }

        return (null, default, slots);
    }

    // A slot that is damaged is as good as none: the others still open.
    private static async Task<KeySlot?> Load(Func<Memory<byte>, Task> read, ObjectId id, long length, bool whole)
    {
        if (length is <= 0 or > LargestSlot)
        {
            return null;
        }

        var json = new byte[length];
        try
        {
            await read(json);
            return whole && ObjectId.Of(json) != id ? null : JsonSerializer.Deserialize(json, KeyJson.Default.KeySlot);
        }
        catch (Exception failure) when (failure is JsonException or StorageObjectMissingException)
        {
            return null;
        }
    }
}

/// <summary>A key slot.</summary>
/// <param name="Id">Its id.</param>
/// <param name="UserName">Who added it.</param>
/// <param name="HostName">Where.</param>
/// <param name="Created">When.</param>
/// <param name="Readable">False when its file is damaged.</param>
/// <param name="InUse">True for the slot the repository was opened by.</param>
public sealed record RepositoryKey(ObjectId Id, string UserName, string HostName, DateTimeOffset Created, bool Readable, bool InUse);
