using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Clouds;
using MedicineMan.Sdk.Directories;
using MedicineMan.Sdk.Health;
using MedicineMan.Sdk.Notifications;
using MedicineMan.Sdk.Scanning;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Host.Plugins.Manifests;

/// The kinds of provider a plugin can contribute: the word in the manifest and the SDK's interface behind it.
internal static class ProviderContracts
{
    private static readonly (string Name, Type Contract)[] All =
    [
        ("backup", typeof(IBackupProvider)), ("storage", typeof(IStorageProvider)), ("scanner", typeof(IScanner)), ("notifier", typeof(INotifier)),
        ("cloud", typeof(ICloudProvider)), ("directory", typeof(IDirectory)), ("health", typeof(IHealthCheck)),
    ];

    public static IReadOnlyCollection<string> Names { get; } = [.. All.Select(one => one.Name)];

    public static string NameOf(Type contract) => All.Single(one => one.Contract == contract).Name;

    /// The contracts a provider's class implements.
    public static IEnumerable<Type> Of(Type provider) => All.Select(one => one.Contract).Where(contract => contract.IsAssignableFrom(provider));
}
