using MedicineMan.Host.Plugins.Packages.Installed;
using MedicineMan.Host.Plugins.Packages.Registries;

namespace MedicineMan.Host.Plugins.Packages;

/// Plugins that come in packages, for a host that has a database to keep them in.
internal static class PackageSetup
{
    public static void AddPluginPackages(this IServiceCollection services)
    {
        services.AddHttpClient(RegistryDownload.Client, client => client.Timeout = TimeSpan.FromMinutes(2)).ConfigurePrimaryHttpMessageHandler(RegistryDownload.Guarded);
        services.AddSingleton<RegistryDownload>().AddSingleton<RegistryStore>().AddSingleton<ThirdPartyRegistries>().AddSingleton<KnownRegistries>();
        services.AddSingleton<InstalledPlugins>().AddSingleton<Grants>().AddSingleton<PluginLocks>();
        services.AddSingleton<PackageShelf>().AddSingleton<PackageIntake>().AddSingleton<PublisherTrust>().AddSingleton<Offers>();
        services.AddSingleton<PluginActivation>().AddSingleton<Approvals>().AddSingleton<PluginInstaller>().AddSingleton<PluginListing>();
        services.AddSingleton<InstalledStart>().AddSingleton<Faults.FaultActions>();
        services.AddHostedService<PackageUpkeep>();
    }
}
