using System.Text.Json;
using MedicineMan.Host.Plugins.Capabilities;
using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Host.Plugins.Guards;

internal sealed class GuardedStorage(LoadedPlugin plugin, ProviderContribution provider, Providers providers) : GuardedProvider<IStorageProvider>(plugin, provider), IStorageProvider
{
    public async ValueTask<IStorageBackend> OpenAsync(JsonElement settings, CancellationToken cancel) => new GuardedBackend(await Open(settings, cancel), Anew(providers, Kind, settings));

    // By then another version is in use, or none. It must hold nothing of this one, which may be gone for long.
    private static Func<CancellationToken, Task<OpenStorage>> Anew(Providers providers, string kind, JsonElement settings) =>
        cancel => ((GuardedStorage)providers.Get<IStorageProvider>(kind)).Open(settings, cancel);

    private Task<OpenStorage> Open(JsonElement settings, CancellationToken cancel) => Call(async (inner, either) =>
    {
        using var handed = HandedSecrets.Give(Lent.Grant, HandedSecrets.In(Lent.Grant.Manifest, settings));
        var opened = await inner.OpenAsync(settings, either);
        return new OpenStorage(Plugin, Kind, opened, opened.Location);
    }, cancel);
}

/// A storage as one version of a plugin opened it. It is let go with that version: what the host still holds must not keep its code.
internal sealed class OpenStorage : IAsyncDisposable
{
    private readonly LoadedPlugin plugin;
    private readonly CancellationTokenRegistration unloading;

    public OpenStorage(LoadedPlugin plugin, string kind, IStorageBackend backend, string location)
    {
        (this.plugin, Where, Location, Backend) = (plugin, $"storage {kind}", location, backend);
        unloading = plugin.Unloading.UnsafeRegister(static self => ((OpenStorage)self!).Backend = null, this);
    }

    public string Location { get; }

    public string Where { get; }

    /// Null once its version is gone.
    public IStorageBackend? Backend { get; private set; }

    public CancellationToken Unloading => plugin.Unloading;

    /// Null when its version takes no more calls.
    /// <exception cref="StorageException">It takes none at this moment.</exception>
    public PluginVisit? Enter()
    {
        if (Backend is null)
        {
            return null;
        }

        var visit = plugin.Enter(Where, out var refused);
        return visit is null && refused is not Faults.Refusal.Gone ? throw new StorageException(plugin.Refused(refused).Message) { Transient = true } : visit;
    }

    public void Fault(Exception failure) => plugin.Entry.Record(Where, failure);

    public async ValueTask DisposeAsync()
    {
        await unloading.DisposeAsync();
        // One whose plugin takes no calls is only let go.
        await using var visit = plugin.Enter(Where, out _);
        if (visit is not null && Backend is { } backend)
        {
            Backend = null;
            await backend.DisposeAsync();
        }

        Backend = null;
    }
}
