using System.Text.Json;
using MedicineMan.Repository.Files;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Storing;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Repository.Locking;

/// <summary>
/// A lock as other clients of the format know it: shared ones side by side, an exclusive one alone. Refreshed while held, because after thirty
/// minutes without a refresh everybody takes it for the leftover of a crash.
/// </summary>
internal sealed class RepositoryLock : IAsyncDisposable
{
    private static readonly TimeSpan StaleAfter = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan RefreshEvery = TimeSpan.FromMinutes(5);

    // Two clients that lock in the same instant see each other only after both have written.
    private static readonly TimeSpan SettleTime = TimeSpan.FromMilliseconds(200);

    private readonly ObjectStore store;
    private readonly bool exclusive;
    private readonly CancellationTokenSource lost = new();
    private readonly CancellationTokenSource release = new();
    private Task refreshing = Task.CompletedTask;
    private ObjectId? id;
    private DateTimeOffset refreshed;

    private RepositoryLock(ObjectStore store, bool exclusive)
    {
        this.store = store;
        this.exclusive = exclusive;
    }

    /// <summary>Fires when the lock could not be refreshed in time: others may be removing what this process relies on.</summary>
    public CancellationToken Lost => lost.Token;

    public static async Task<RepositoryLock> Acquire(ObjectStore store, bool exclusive, CancellationToken cancel)
    {
        var taken = new RepositoryLock(store, exclusive);
        try
        {
            await taken.ThrowIfHeldByOthers(cancel);
            await taken.Write(cancel);
            await Task.Delay(SettleTime, cancel);
            await taken.ThrowIfHeldByOthers(cancel);
        }
        catch
        {
            await taken.DisposeAsync();
            throw;
        }

        taken.refreshing = Task.Run(taken.KeepFresh, CancellationToken.None);
        return taken;
    }

    public void ThrowIfLost()
    {
        if (lost.IsCancellationRequested)
        {
            throw new UserFacingException($"The lock on {store.Location} could not be refreshed for half an hour, so its blocks may have been removed meanwhile. Run it again.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await release.CancelAsync();
        await refreshing;
        if (id is { } written)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1), store.Clock);
            try
            {
                await store.Delete(ObjectStore.Locks + written, patience.Token);
            }
            catch (Exception failure) when (failure is StorageException or OperationCanceledException)
            {
                // It goes stale by itself; the work it guarded must not fail for it.
            }
        }

        release.Dispose();
        lost.Dispose();
    }

    private async Task Write(CancellationToken cancel)
    {
        var now = store.Clock.GetUtcNow();
        var document = new LockDocument
        {
            Time = UnixTime.From(now).ToString(), Exclusive = exclusive, Hostname = Environment.MachineName,
            Username = Environment.UserName, Pid = Environment.ProcessId, Uid = Posix.UserId(), Gid = Posix.GroupId(),
        };
        id = await store.Save(ObjectStore.Locks, JsonSerializer.SerializeToUtf8Bytes(document, FormatJson.Relaxed.LockDocument), cancel);
        refreshed = now;
    }

    private async Task ThrowIfHeldByOthers(CancellationToken cancel)
    {
        foreach (var (other, length) in await store.List(ObjectStore.Locks, cancel))
        {
            if (other == id || await Load(other, length, cancel) is not { } found)
            {
                continue;
            }

            if (IsStale(found))
            {
                await store.Delete(ObjectStore.Locks + other, cancel);
            }
            else if (exclusive || found.Exclusive)
            {
                throw new UserFacingException(
                    $"{store.Location} is {(found.Exclusive ? "locked for maintenance" : "in use")} by process {found.Pid} of {found.Username} on {found.Hostname} since {found.Time}. "
                    + "Try again when that has ended.");
            }
        }
    }

    private async Task<LockDocument?> Load(ObjectId other, long length, CancellationToken cancel)
    {
        try
        {
            return JsonSerializer.Deserialize((await store.Load(ObjectStore.Locks, other, length, cancel)).Span, FormatJson.Relaxed.LockDocument);
        }
        catch (StorageObjectMissingException)
        {
            return null;
        }
        catch (Exception failure) when (failure is JsonException or DamagedException or StorageException { Transient: false })
        {
            throw new UserFacingException(
                $"The lock locks/{other} in {store.Location} is not readable, so nobody can tell whether the repository is in use. Remove that file if no backup is running.", failure);
        }
    }

    private bool IsStale(LockDocument found) =>
        !UnixTime.TryParse(found.Time, out var time)
        || store.Clock.GetUtcNow() - time.ToDateTimeOffset() > StaleAfter
        || (found.Hostname == Environment.MachineName && found.Pid > 0 && !Posix.IsRunning(found.Pid));

    private async Task KeepFresh()
    {
        using var timer = new PeriodicTimer(RefreshEvery, store.Clock);
        try
        {
            while (await timer.WaitForNextTickAsync(release.Token))
            {
                await Refresh();
            }
        }
        catch (OperationCanceledException)
        {
            // Released.
        }
    }

    private async Task Refresh()
    {
        var old = id;
        try
        {
            await Write(release.Token);
            if (old is { } outdated)
            {
                await store.Delete(ObjectStore.Locks + outdated, release.Token);
            }
        }
        catch (StorageException)
        {
            // The next tick tries again, until others would take the lock for stale.
            if (store.Clock.GetUtcNow() - refreshed > StaleAfter - RefreshEvery)
            {
                await lost.CancelAsync();
            }
        }
    }
}
