using Coravel;
using Coravel.Scheduling.Schedule.Interfaces;
using MedicineMan.Host.Schedules.Coming;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Schedules;

/// The clock of the host: every second it looks which schedules are due, and every minute which plugins' jobs. It holds nothing of a plugin, and what it
/// misses is made up for by the next tick.
internal sealed partial class ScheduleClock(IScheduler scheduler, DueSchedules schedules, PluginSchedules plugins, TimeProvider time, ILogger<ScheduleClock> log) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource stopping = new();

    public Task StartAsync(CancellationToken cancel)
    {
        scheduler.ScheduleAsync(() => Tick(schedules.Tick)).EverySecond().PreventOverlapping(nameof(DueSchedules));
        scheduler.ScheduleAsync(() => Tick(plugins.Tick)).EveryMinute().PreventOverlapping(nameof(PluginSchedules));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancel) => stopping.CancelAsync();

    public void Dispose() => stopping.Dispose();

    private async Task Tick(Func<DateTimeOffset, CancellationToken, Task> tick)
    {
        try
        {
            await tick(time.GetUtcNow(), stopping.Token);
        }
        catch (Exception failure) when (!stopping.IsCancellationRequested)
        {
            Log.Failed(log, failure);
        }
        catch (OperationCanceledException)
        {
            // The host stops; what was due is made up for at its next start.
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
        services.Configure<RazorPagesOptions>(pages => pages.Conventions.AddPageRoute("/Schedules/Pages/Edit", "/jobs/schedules/new"));
        return services.AddSingleton<ScheduleStore>().AddSingleton<ScheduleActions>().AddSingleton<DueSchedules>().AddSingleton<PluginSchedules>().AddSingleton<ComingStarts>().AddHostedService<ScheduleClock>();
    }
}
