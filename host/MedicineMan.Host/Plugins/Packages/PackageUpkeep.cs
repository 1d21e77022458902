using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages.Installed;
using MedicineMan.Host.Plugins.Packages.Registries;

namespace MedicineMan.Host.Plugins.Packages;

/// Looks every few seconds whether another process changed what is installed (a command on this machine, another node), and every few hours
/// whether the registries have news, advisories above all.
internal sealed partial class PackageUpkeep(
    InstalledPlugins installed, RegistryStore registries, ThirdPartyRegistries thirdParties, PluginInstaller installer, TimeProvider clock, ILogger<PackageUpkeep> log) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Ask = TimeSpan.FromHours(6);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, clock);
        string? seen = null;
        for (var asked = clock.GetTimestamp(); await timer.WaitForNextTickAsync(stoppingToken);)
        {
            try
            {
                if (clock.GetElapsedTime(asked) > Ask)
                {
                    asked = clock.GetTimestamp();
                    await Refresh(stoppingToken);
                    await installer.Tend(stoppingToken);
                }

                // Read before, not after: what changes meanwhile, or changed while the host was starting, is a change still to be seen.
                if (await Marks(stoppingToken) is var marks && marks != seen)
                {
                    await installer.Tend(stoppingToken);
                    seen = marks;
                }
            }
            catch (Exception failed) when (!stoppingToken.IsCancellationRequested)
            {
                Log.Failed(log, failed);
            }
        }
    }

    private async Task Refresh(CancellationToken cancel)
    {
        foreach (var registry in await registries.List(cancel))
        {
            try
            {
                await thirdParties.Refresh(registry.Id, cancel);
            }
            catch (PluginRefusedException refused)
            {
                // Kept with the registry, where its page shows it.
                Log.NotRefreshed(log, registry.Name, refused.Message);
            }
        }
    }

    /// Changes whenever what is wanted of a plugin does.
    private async Task<string> Marks(CancellationToken cancel) =>
        string.Join('\n', (await installed.List(cancel)).Select(row => $"{row.Id} {row.ChangedAt.ToUnixTimeMilliseconds()}"));

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Looking after the installed plugins failed; it is tried again")]
        public static partial void Failed(ILogger log, Exception failed);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Registry {Registry} was not refreshed: {Reason}")]
        public static partial void NotRefreshed(ILogger log, string registry, string reason);
    }
}
