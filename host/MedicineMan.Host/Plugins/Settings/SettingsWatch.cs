using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MedicineMan.Host.Plugins.Settings;

/// Looks from time to time whether another node has saved settings of a plugin, so that they are in force on every node within half a minute.
internal sealed partial class SettingsWatch(PluginSettings settings, TimeProvider clock, ILogger<SettingsWatch> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(20);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        var since = clock.GetUtcNow();
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var now = clock.GetUtcNow();
            try
            {
                // Twice the interval back: the clocks of two nodes are never quite the same.
                await settings.Refresh(since - Interval, stoppingToken);
                since = now;
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                Log.NotRead(log, failure);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The settings of plugins could not be read; it is tried again")]
        public static partial void NotRead(ILogger log, Exception failure);
    }
}
