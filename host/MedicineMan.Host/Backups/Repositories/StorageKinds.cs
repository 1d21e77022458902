using MedicineMan.Host.Plugins;
using MedicineMan.Host.Plugins.Settings.Forms;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Host.Backups.Repositories;

/// The kinds of storage that the plugins in use offer, each with the form of its settings.
internal sealed class StorageKinds(Providers providers, PluginCatalogue catalogue)
{
    public IReadOnlyList<StorageKind> All =>
        [.. providers.All<IStorageProvider>().Select(one => new StorageKind(one.Kind, one.Provider.DisplayName, one.PluginId, Settings(one.PluginId, one.Kind)))];

    public StorageKind? Find(string? kind) => All.FirstOrDefault(one => one.Kind == kind);

    private SettingsSchema? Settings(string plugin, string kind) =>
        catalogue.ManifestOf(plugin)?.Providers.FirstOrDefault(provider => provider.Contract == "storage" && provider.Kind == kind)?.Settings;
}

/// <param name="Settings">Null when the plugin names no form: then a program may send whatever the plugin understands, without secrets.</param>
internal sealed record StorageKind(string Kind, string Name, string PluginId, SettingsSchema? Settings)
{
    /// The settings of a repository to be made on it.
    public NewRepository Repository(string name, SettingsDraft draft) => new(name, Kind, draft.Values.ToJsonString()) { Draft = draft, PluginId = PluginId };
}
