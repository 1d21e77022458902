using System.Text.Json;
using MedicineMan.Repository.Files;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Storing;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Repository.Locking;

/// <summary>The lock files of a repository, whoever wrote them.</summary>
internal static class LockFiles
{
    private static readonly TimeSpan StaleAfter = TimeSpan.FromMinutes(30);

    /// <summary>Null when it was released meanwhile.</summary>
    public static async Task<LockDocument?> Load(ObjectStore store, ObjectId id, long length, CancellationToken cancel)
    {
        try
        {
            return JsonSerializer.Deserialize(await store.Load(ObjectStore.Locks, id, length, cancel), FormatJson.Relaxed.LockDocument);
        }
        catch (StorageObjectMissingException)
        {
            return null;
        }
        catch (Exception failure) when (failure is JsonException or DamagedException or StorageException { Transient: false })
        {
            throw new UserFacingException(
                $"The lock locks/{id} in {store.Location} is not readable, so nobody can tell whether the repository is in use. If nothing is running on it, remove all its locks with unlock --all.", failure);
        }
    }

    /// <summary>True for the leftover of a crash.</summary>
    public static bool IsStale(LockDocument found, DateTimeOffset now) =>
        !UnixTime.TryParse(found.Time, out var time)
        || now - time.ToDateTimeOffset() > StaleAfter
        || (found.Hostname == Environment.MachineName && found.Pid > 0 && !Posix.IsRunning(found.Pid));

    /// <summary>Removes the stale ones, or all; in a dry run, looks which those are.</summary>
    /// <returns>How many.</returns>
    public static async Task<int> Remove(ObjectStore store, bool all, bool dryRun, CancellationToken cancel)
    {
        var found = 0;
        foreach (var (id, length) in await store.List(ObjectStore.Locks, cancel))
        {
            if (all || (await Load(store, id, length, cancel) is { } held && IsStale(held, store.Clock.GetUtcNow())))
            {
                await (dryRun ? Task.CompletedTask : store.Delete(ObjectStore.Locks + id, cancel));
                found++;
            }
        }

        return found;
    }
}
