using MedicineMan.Host.Plugins;
using MedicineMan.Host.Servers;
using MedicineMan.Jobs;
using MedicineMan.Sdk.Scanning;

namespace MedicineMan.Host.Scanning;

/// Finds out what runs on a server. What to look for comes from the scanners of the plugins in use at that moment.
internal static class ScanningServices
{
    public static void AddScanning(this IServiceCollection services)
    {
        services.AddSingleton<ScanStore>().AddSingleton<ScanQueue>();
        services.AddSingleton(provider => new ServerScan(
            provider.GetRequiredService<ServerRunners>(),
            provider.GetRequiredService<ServerStore>(),
            provider.GetRequiredService<ScanStore>(),
            () => [.. provider.GetRequiredService<Providers>().All<IScanner>().Select(scanner => scanner.Provider)],
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IJobHandler, ScanServer>();
    }
}
