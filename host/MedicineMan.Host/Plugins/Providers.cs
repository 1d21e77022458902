using MedicineMan.Host.Plugins.Guards;
using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Clouds;
using MedicineMan.Sdk.Directories;
using MedicineMan.Sdk.Health;
using MedicineMan.Sdk.Notifications;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Host.Plugins;

/// The providers of the plugins in use, by contract and kind. Ask for one when it is needed and do not keep it: a plugin can be replaced.
internal sealed class Providers(PluginCatalogue catalogue)
{
    /// The provider of a kind, where T is one of the contracts of ProviderContracts.
    /// <exception cref="UserFacingException">No plugin in use contributes that kind.</exception>
    public T Get<T>(string kind)
        where T : class, IProvider
    {
        var all = All<T>();
        return all.FirstOrDefault(one => one.Kind == kind).Provider ?? throw new UserFacingException(
            $"No running plugin contributes the {ProviderContracts.NameOf(typeof(T))} \"{kind}\". "
            + (all.Count == 0 ? "None is known" : $"Known are {string.Join(", ", all.Select(one => one.Kind).Order(StringComparer.Ordinal))}")
            + "; see Settings, Plugins.");
    }

    public IReadOnlyList<(string Kind, string PluginId, T Provider)> All<T>()
        where T : class, IProvider =>
        [.. from plugin in catalogue.Active
            from provider in plugin.Contributions.Providers
            where provider.Contract == typeof(T)
            select (provider.Kind, plugin.Manifest.Id, (T)Guarded(plugin, provider))];

    private IProvider Guarded(LoadedPlugin plugin, ProviderContribution provider) =>
        provider.Contract == typeof(IBackupProvider) ? new GuardedBackups(plugin, provider)
        : provider.Contract == typeof(IStorageProvider) ? new GuardedStorage(plugin, provider, this)
        : provider.Contract == typeof(INotifier) ? new GuardedNotifier(plugin, provider)
        : provider.Contract == typeof(ICloudProvider) ? new GuardedCloud(plugin, provider)
        : provider.Contract == typeof(IDirectory) ? new GuardedDirectory(plugin, provider)
        : provider.Contract == typeof(IHealthCheck) ? new GuardedHealth(plugin, provider)
        : new GuardedScanner(plugin, provider);
}
