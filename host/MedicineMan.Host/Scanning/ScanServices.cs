using MedicineMan.Host.Plugins;
using MedicineMan.Jobs;
using MedicineMan.Sdk.Scanning;

namespace MedicineMan.Host.Scanning;

/// Scans and what they found; the scanners themselves are plugins.
internal static class ScanServices
{
    public static void AddScanning(this IServiceCollection services)
    {
        services.AddSingleton<Func<IReadOnlyList<IScanner>>>(provider => () => [.. provider.GetRequiredService<Providers>().All<IScanner>().Select(one => one.Provider)]);
        services.AddSingleton<ScanStore>().AddSingleton<ServerScan>().AddSingleton<ScanRequests>();
        services.AddSingleton<IJobHandler, ScanServer>();
    }
}
