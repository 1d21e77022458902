using Coravel;
using Coravel.Scheduling.Schedule.Interfaces;

namespace MedicineMan.Host.Schedules;

/// The clock of the host: once a minute it looks what is due. It holds nothing of a plugin, and a minute that it misses is made up for by the next.
internal sealed partial class ScheduleClock(IScheduler scheduler, PluginSchedules plugins, TimeProvider time, ILogger<ScheduleClock> log) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource stopping = new();

    public Task StartAsync(CancellationToken cancel)
    {
        scheduler.ScheduleAsync(Tick).EveryMinute().PreventOverlapping(nameof(ScheduleClock));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancel) => stopping.CancelAsync();

    public void Dispose() => stopping.Dispose();

    private async Task Tick()
    {
        try
        {
            await plugins.Tick(time.GetUtcNow(), stopping.Token);
        }
        catch (Exception failure) when (!stopping.IsCancellationRequested)
        {
            Log.Failed(log, failure);
        }
        catch (OperationCanceledException)
        {
            // The host stops; the minute is made up for at its next start.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "A tick of the clock failed; the next one makes up for it")]
        public static partial void Failed(ILogger log, Exception failure);
    }
}

internal static class ScheduleServices
{
    public static IServiceCollection AddSchedules(this IServiceCollection services)
    {
        services.AddScheduler();
        return services.AddSingleton<PluginSchedules>().AddHostedService<ScheduleClock>();
    }
}
