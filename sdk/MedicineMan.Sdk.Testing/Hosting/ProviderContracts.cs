using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Clouds;
using MedicineMan.Sdk.Directories;
using MedicineMan.Sdk.Health;
using MedicineMan.Sdk.Notifications;
using MedicineMan.Sdk.Scanning;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Sdk.Testing.Hosting;

/// The words of the manifest for the SDK's provider interfaces.
internal static class ProviderContracts
{
    private static readonly (string Name, Type Contract)[] All =
    [
        ("backup", typeof(IBackupProvider)), ("storage", typeof(IStorageProvider)), ("scanner", typeof(IScanner)), ("notifier", typeof(INotifier)),
        ("cloud", typeof(ICloudProvider)), ("directory", typeof(IDirectory)), ("health", typeof(IHealthCheck)),
    ];

    public static IEnumerable<string> Of(Type provider) => All.Where(one => one.Contract.IsAssignableFrom(provider)).Select(one => one.Name);

    public static string NameOf(Type contract) =>
        All.FirstOrDefault(one => one.Contract == contract).Name ?? throw new InvalidOperationException($"{contract.Name} is none of the SDK's provider interfaces.");
}
