using MedicineMan.Host.Plugins;
using MedicineMan.Sdk.Backups;

namespace MedicineMan.Host.Backups.Plans;

/// What the plugins in use can back up, for a form to choose from.
internal sealed class BackupKinds(Providers providers)
{
    public IReadOnlyList<(string Kind, string Name)> All => [.. providers.All<IBackupProvider>().Select(one => (one.Kind, one.Provider.DisplayName))];
}
