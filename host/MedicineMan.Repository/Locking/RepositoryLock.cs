using System.Runtime.ExceptionServices;
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

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly ObjectStore store;
    private readonly bool exclusive;
    private readonly CancellationTokenSource lost = new();
    private readonly CancellationTokenSource release = new();
    private Task refreshing = Task.CompletedTask;
    private volatile ExceptionDispatchInfo? conflict;
    private ObjectId? id;
    private ObjectId? outdatedLock;
    private DateTimeOffset refreshed;

    private RepositoryLock(ObjectStore store, bool exclusive)
    {
        this.store = store;
        this.exclusive = exclusive;
    }

    /// <summary>Fires when the lock did not hold, or could not be refreshed in time: others may be removing what this process relies on.</summary>
    public CancellationToken Lost => lost.Token;

    /// <summary>Done when nobody else can have come in between; fails with what stands against it.</summary>
    /// <exception cref="LockedException">Somebody locked in the same instant.</exception>
    public Task Settled { get; private set; } = Task.CompletedTask;

    /// <summary>Takes the lock, waiting a while for others who hold one that stands against it.</summary>
    public static async Task<RepositoryLock> Acquire(ObjectStore store, bool exclusive, TimeSpan patience, CancellationToken cancel)
    {
        var started = store.Clock.GetTimestamp();
        for (var pause = FirstPause; ; pause = pause + pause < LongestPause ? pause + pause : LongestPause)
        {
            try
            {
                return await Acquire(store, exclusive, cancel);
            }
            catch (LockedException) when (store.Clock.GetElapsedTime(started) < patience)
            {
                // Jitter: those who wait for each other would otherwise collide again and again.
                await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), store.Clock, cancel);
            }
        }
    }

    public static async Task<RepositoryLock> Acquire(ObjectStore store, bool exclusive, CancellationToken cancel)
    {
        var taken = await Begin(store, exclusive, cancel);
        try
        {
            await taken.Settled.WaitAsync(cancel);
            return taken;
        }
        catch
        {
            await taken.DisposeAsync();
            throw;
        }
    }

    /// <summary>Takes the lock without waiting for the moment that tells whether it holds: until <see cref="Settled"/> nothing may be stored, and nothing be called done.</summary>
    public static async Task<RepositoryLock> Begin(ObjectStore store, bool exclusive, CancellationToken cancel)
    {
        var taken = new RepositoryLock(store, exclusive);
        try
        {
            await taken.ThrowIfHeldByOthers(cancel);
            await taken.Write(cancel);
        }
        catch
        {
            await taken.DisposeAsync();
            throw;
        }

        taken.Settled = taken.Settle();
        taken.refreshing = Task.Run(taken.KeepFresh, CancellationToken.None);
        return taken;
    }

    public void ThrowIfLost()
    {
        conflict?.Throw();
        // Also when this machine slept: nobody refreshed then, and nobody has noticed yet.
        if (lost.IsCancellationRequested || store.Clock.GetUtcNow() - refreshed > StaleAfter - RefreshEvery)
        {
            throw Gone();
        }
    }

    /// <summary>Asks the storage whether the lock is still there: somebody may have removed it since the last refresh.</summary>
    public async Task Confirm(CancellationToken cancel)
    {
        await Settled.WaitAsync(cancel);
        ThrowIfLost();
        var mine = id;
        try
        {
            // Read and not listed: some storages list late.
            await store.ReadRange(ObjectStore.Locks + mine, 0, new byte[1], cancel);
        }
        catch (StorageObjectMissingException) when (id == mine)
        {
            throw Gone();
        }
        catch (StorageObjectMissingException)
        {
            // A refresh put another in its place meanwhile, which is as good.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await release.CancelAsync();
        await Settled.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await refreshing;
        foreach (var written in new[] { id, outdatedLock }.OfType<ObjectId>())
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

    private UserFacingException Gone() =>
        new($"The lock on {store.Location} was removed or could not be refreshed for half an hour, so others may have changed it meanwhile. Run it again.");

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
            if (other == id || await LockFiles.Load(store, other, length, cancel) is not { } found)
            {
                continue;
            }

            if (LockFiles.IsStale(found, store.Clock.GetUtcNow()))
            {
                await store.Delete(ObjectStore.Locks + other, cancel);
            }
            else if (exclusive || found.Exclusive)
            {
                throw new LockedException(
                    $"{store.Location} is {(found.Exclusive ? "locked for maintenance" : "in use")} by process {found.Pid} of {found.Username} on {found.Hostname} since {found.Time}. "
                    + "Try again when that has ended.");
            }
        }
    }

    private async Task Settle()
    {
        try
        {
            await Task.Delay(SettleTime, release.Token);
            await ThrowIfHeldByOthers(release.Token);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            conflict = ExceptionDispatchInfo.Capture(failure);
            await lost.CancelAsync();
            throw;
        }
    }

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
            var gone = old is { } mine && (await store.List(ObjectStore.Locks, release.Token)).TrueForAll(held => held.Id != mine);
            if (gone || store.Clock.GetUtcNow() - refreshed > StaleAfter)
            {
                // Somebody took it for stale and may be at work already: a new one would come too late.
                await lost.CancelAsync();
                return;
            }

            await Write(release.Token);
            if (old is { } outdated)
            {
                outdatedLock = outdated;
                await store.Delete(ObjectStore.Locks + outdated, release.Token);
                outdatedLock = null;
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
