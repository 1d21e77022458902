using System.Buffers;
using System.Runtime.CompilerServices;
using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Host.Plugins.Guards;

/// A storage in the host's hands: each call enters the plugin, and what it throws is counted. Bytes go by it untouched, and it cuts nothing short: a
/// pack takes as long as the line needs. When its plugin was replaced in between, the storage is opened anew by the version in use.
internal sealed class GuardedBackend(OpenStorage opened, Func<CancellationToken, Task<OpenStorage>> reopen) : IStorageBackend
{
    private readonly SemaphoreSlim opening = new(1, 1);
    private volatile OpenStorage open = opened;

    public string Location => open.Location;

    public Task<bool> PutAsync(string key, ReadOnlySequence<byte> content, CancellationToken cancel) =>
        Call((storage, either) => storage.PutAsync(key, content, either), cancel);

    public Task ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancel) => Call(async (storage, either) =>
    {
        await storage.ReadAsync(key, offset, destination, either);
        return true;
    }, cancel);

    public Task<bool> DeleteAsync(string key, CancellationToken cancel) => Call((storage, either) => storage.DeleteAsync(key, either), cancel);

    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
    {
        var (entered, visit, storage) = await Enter(cancel);
        await using (visit)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, entered.Unloading);
            await using var listing = await Watched(entered, () => Task.FromResult(storage.ListAsync(prefix, either.Token).GetAsyncEnumerator(either.Token)), cancel);
            while (await Watched(entered, () => listing.MoveNextAsync().AsTask(), cancel))
            {
                yield return listing.Current;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        opening.Dispose();
        try
        {
            await open.DisposeAsync();
        }
        catch (Exception failure)
        {
            open.Fault(failure);
            throw;
        }
    }

    private async Task<T> Call<T>(Func<IStorageBackend, CancellationToken, Task<T>> call, CancellationToken cancel)
    {
        var (entered, visit, storage) = await Enter(cancel);
        await using (visit)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, entered.Unloading);
            return await Watched(entered, () => call(storage, either.Token), cancel);
        }
    }

    private async ValueTask<(OpenStorage Entered, PluginVisit Visit, IStorageBackend Storage)> Enter(CancellationToken cancel)
    {
        while (true)
        {
            var current = open;
            if (current.Enter() is { } visit)
            {
                if (current.Backend is { } storage)
                {
                    return (current, visit, storage);
                }

                await visit.DisposeAsync();
            }

            await opening.WaitAsync(cancel);
            try
            {
                open = ReferenceEquals(open, current) ? await reopen(cancel) : open;
            }
            finally
            {
                opening.Release();
            }
        }
    }

    private static async Task<T> Watched<T>(OpenStorage entered, Func<Task<T>> call, CancellationToken cancel)
    {
        try
        {
            return await call();
        }
        catch (OperationCanceledException stopped) when (entered.Unloading.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw new StorageException($"{entered.Location} was busy when its plugin was stopped or replaced.", stopped) { Transient = true };
        }
        catch (Exception failure) when (failure is not UserFacingException && !cancel.IsCancellationRequested)
        {
            entered.Fault(failure);
            throw;
        }
    }
}
