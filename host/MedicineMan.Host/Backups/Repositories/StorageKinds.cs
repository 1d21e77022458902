using MedicineMan.Host.Plugins;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Host.Backups.Repositories;

/// The kinds of storage that the plugins in use offer, for a form to choose from.
internal sealed class StorageKinds(Providers providers)
{
    public IReadOnlyList<(string Kind, string Name)> All => [.. providers.All<IStorageProvider>().Select(one => (one.Kind, one.Provider.DisplayName))];
}
