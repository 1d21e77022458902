using System.Text.Json;
using MedicineMan.Host.Plugins.Capabilities;
using MedicineMan.Host.Plugins.Capabilities.Servers;
using MedicineMan.Host.Plugins.Guards;
using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Scanning;

namespace MedicineMan.Host.Plugins;

/// What the host holds instead of a plugin's provider: it enters the plugin for each call, counts what it throws, and holds none of its types.
internal abstract class GuardedProvider<T>(LoadedPlugin plugin, ProviderContribution provider) : IProvider
    where T : class, IProvider
{
    public string DisplayName => Ask(inner => inner.DisplayName, plugin.Manifest.Name);

    protected LoadedPlugin Plugin => plugin;

    protected string Kind => provider.Kind;

    protected PluginContext Lent => plugin.Lent;

    protected Task<TResult> Call<TResult>(Func<T, CancellationToken, Task<TResult>> call, CancellationToken cancel) =>
        plugin.Call($"provider {Kind}", (services, either) => call(Inner(services, provider), either), cancel);

    /// A call that has so much time, with the secrets that its settings hold handles of. One that does not heed its token goes on without the caller.
    protected Task<TResult> Call<TResult>(JsonElement settings, TimeSpan limit, Func<T, CancellationToken, Task<TResult>> call, CancellationToken cancel) =>
        TimedCall.Run(plugin, $"provider {Kind}", limit, either => Call(async (inner, stop) =>
        {
            using var handed = HandedSecrets.Give(Lent.Grant, HandedSecrets.In(Lent.Grant.Manifest, settings));
            return await call(inner, stop);
        }, either), cancel);

    protected TResult Ask<TResult>(Func<T, TResult> ask, TResult otherwise) =>
        plugin.Ask($"provider {Kind}", services => ask(Inner(services, provider)), otherwise);

    private static T Inner(IServiceProvider services, ProviderContribution provider) => (T)services.GetRequiredService(provider.Provider);
}

internal sealed class GuardedBackups(LoadedPlugin plugin, ProviderContribution provider) : GuardedProvider<IBackupProvider>(plugin, provider), IBackupProvider
{
    public Task<IReadOnlyList<BackupItem>> DiscoverAsync(BackupSource source, CancellationToken cancel) =>
        With(source, (inner, lent, either) => inner.DiscoverAsync(lent, either), cancel);

    public Task<DumpReport> DumpAsync(BackupSource source, IReadOnlyList<string> items, IDumpWriter dump, CancellationToken cancel) =>
        With(source, (inner, lent, either) => inner.DumpAsync(lent, items, dump, either), cancel);

    public Task<RestoreReport> RestoreAsync(BackupSource target, RestoreOptions options, IDumpReader dump, CancellationToken cancel) =>
        With(target, (inner, lent, either) => inner.RestoreAsync(lent, options, dump, either), cancel);

    public Task<ProofReport> CompareAsync(BackupSource target, string restored, string item, IDumpReader dump, CancellationToken cancel) =>
        With(target, (inner, lent, either) => inner.CompareAsync(lent, restored, item, dump, either), cancel);

    public Task DropScratchAsync(BackupSource target, string name, CancellationToken cancel) => With(target, async (inner, lent, either) =>
    {
        await inner.DropScratchAsync(lent, name, either);
        return true;
    }, cancel);

    // The plugin gets a runner that keeps to its scope; the user to run as and the password are the operator's choice for this source.
    private Task<T> With<T>(BackupSource source, Func<IBackupProvider, BackupSource, CancellationToken, Task<T>> call, CancellationToken cancel) => Call(async (inner, either) =>
    {
        using var handed = HandedSecrets.Give(Lent.Grant, source.Password is { } password ? [password] : []);
        return await call(inner, source with { Server = new LentRunner(source.Server, Lent.Grant, Lent.Lent, handed, source.RunAs) }, either);
    }, cancel);
}

internal sealed class GuardedScanner(LoadedPlugin plugin, ProviderContribution provider) : GuardedProvider<IScanner>(plugin, provider), IScanner
{
    public IReadOnlyList<ScanSection> Sections => Ask(inner => inner.Sections, []);

    public ValueTask<ScanReport> ReadAsync(ScanOutput output, CancellationToken cancel) =>
        new(Call((inner, either) => inner.ReadAsync(output, either).AsTask(), cancel));
}
