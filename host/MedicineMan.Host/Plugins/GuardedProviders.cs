using System.Text.Json;
using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Scanning;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Host.Plugins;

/// What the host holds instead of a plugin's provider: it enters the plugin for each call, counts what it throws, and holds none of its types.
internal abstract class GuardedProvider<T>(LoadedPlugin plugin, ProviderContribution provider) : IProvider
    where T : class, IProvider
{
    public string DisplayName => Ask(inner => inner.DisplayName, plugin.Manifest.Name);

    protected Task<TResult> Call<TResult>(Func<T, CancellationToken, Task<TResult>> call, CancellationToken cancel) =>
        plugin.Call($"provider {provider.Kind}", (services, either) => call(Inner(services, provider), either), cancel);

    protected Task Call(Func<T, CancellationToken, Task> call, CancellationToken cancel) => Call(async (inner, either) =>
    {
        await call(inner, either);
        return true;
    }, cancel);

    protected TResult Ask<TResult>(Func<T, TResult> ask, TResult otherwise) =>
        plugin.Ask($"provider {provider.Kind}", services => ask(Inner(services, provider)), otherwise);

    private static T Inner(IServiceProvider services, ProviderContribution provider) => (T)services.GetRequiredService(provider.Provider);
}

internal sealed class GuardedBackups(LoadedPlugin plugin, ProviderContribution provider) : GuardedProvider<IBackupProvider>(plugin, provider), IBackupProvider
{
    public Task<IReadOnlyList<BackupItem>> DiscoverAsync(BackupSource source, CancellationToken cancel) =>
        Call((inner, either) => inner.DiscoverAsync(source, either), cancel);

    public Task<DumpReport> DumpAsync(BackupSource source, IReadOnlyList<string> items, IDumpWriter dump, CancellationToken cancel) =>
        Call((inner, either) => inner.DumpAsync(source, items, dump, either), cancel);

    public Task<RestoreReport> RestoreAsync(BackupSource target, RestoreOptions options, IDumpReader dump, CancellationToken cancel) =>
        Call((inner, either) => inner.RestoreAsync(target, options, dump, either), cancel);

    public Task<ProofReport> CompareAsync(BackupSource target, string restored, string item, IDumpReader dump, CancellationToken cancel) =>
        Call((inner, either) => inner.CompareAsync(target, restored, item, dump, either), cancel);

    public Task DropScratchAsync(BackupSource target, string name, CancellationToken cancel) =>
        Call((inner, either) => inner.DropScratchAsync(target, name, either), cancel);
}

internal sealed class GuardedStorage(LoadedPlugin plugin, ProviderContribution provider) : GuardedProvider<IStorageProvider>(plugin, provider), IStorageProvider
{
    public ValueTask<IStorageBackend> OpenAsync(JsonElement settings, CancellationToken cancel) =>
        new(Call((inner, either) => inner.OpenAsync(settings, either).AsTask(), cancel));
}

internal sealed class GuardedScanner(LoadedPlugin plugin, ProviderContribution provider) : GuardedProvider<IScanner>(plugin, provider), IScanner
{
    public IReadOnlyList<ScanSection> Sections => Ask(inner => inner.Sections, []);

    public ValueTask<ScanReport> ReadAsync(ScanOutput output, CancellationToken cancel) =>
        new(Call((inner, either) => inner.ReadAsync(output, either).AsTask(), cancel));
}
