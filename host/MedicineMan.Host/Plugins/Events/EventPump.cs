using System.Runtime.CompilerServices;
using System.Text.Json;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Plugins.Guards;
using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Sdk.Events;

namespace MedicineMan.Host.Plugins.Events;

/// Tells plugins what has happened, from the audit trail, at least once and in order for each handler. One that fails is told again a few times, later
/// and later; then the event is passed over, with a fault.
internal sealed partial class EventPump(PluginCatalogue catalogue, EventPositions positions, ILogger<EventPump> log)
{
    public const int MostAttempts = 5;

    // As the SDK promises it to authors.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Hold = TimeSpan.FromMinutes(2);

    // Of each loaded version anew, and weakly: a retired one must not be held, and one that comes back after its removal begins again.
    private readonly ConditionalWeakTable<EventContribution, EventPump> begun = [];

    /// Tells every handler what it has not heard yet, side by side.
    public Task Pump(CancellationToken cancel) => Task.WhenAll(
        from plugin in catalogue.Active
        from handler in plugin.Contributions.Events
        select Pump(plugin, handler, cancel));

    private async Task Pump(LoadedPlugin plugin, EventContribution handler, CancellationToken cancel)
    {
        var key = new HandlerKey(plugin.Manifest.Id, handler.Handler);
        try
        {
            if (!begun.TryGetValue(handler, out _))
            {
                await positions.Begin(key, cancel);
                begun.TryAdd(handler, this);
            }

            if (await positions.IsDue(key, cancel) && await positions.Hold(key, Hold, cancel) is { } position)
            {
                await Tell(plugin, handler, key, position, cancel);
            }
        }
        catch (Exception failure) when (!cancel.IsCancellationRequested)
        {
            Log.Failed(log, key.Plugin, key.Handler, failure.Message);
        }
    }

    private async Task Tell(LoadedPlugin plugin, EventContribution handler, HandlerKey key, EventPosition position, CancellationToken cancel)
    {
        var entries = await positions.Next(position.Seq, cancel);
        var heard = position.Seq;
        foreach (var entry in entries)
        {
            if (Concerns(entry, plugin, handler))
            {
                var told = await Told(plugin, handler, entry, cancel);
                if (cancel.IsCancellationRequested || (!told && plugin.Unloading.IsCancellationRequested))
                {
                    // Host or version stops, which is nobody's failure; whoever comes next goes on here at once.
                    await positions.Move(key, position, told ? entry.Seq : heard, told ? 0 : position.Failures, TimeSpan.Zero, TimeSpan.Zero, CancellationToken.None);
                    return;
                }

                var passedOver = !told && position.Failures + 1 >= MostAttempts;
                if (!told && !passedOver)
                {
                    await positions.Move(key, position, heard, position.Failures + 1, Pause(position.Failures), TimeSpan.Zero, cancel);
                    return;
                }

                if (passedOver)
                {
                    plugin.Entry.Record($"event {entry.Action}", new InvalidOperationException($"{handler.Handler} failed {MostAttempts} times on the event {entry.Seq}, which is passed over."));
                }

                // Written down after each one: what was told is told again only if the host dies right here.
                if (await positions.Move(key, position, entry.Seq, 0, TimeSpan.Zero, Hold, cancel) is not { } moved)
                {
                    return;
                }

                position = moved;
            }

            heard = entry.Seq;
        }

        await positions.Move(key, position, heard, 0, TimeSpan.Zero, TimeSpan.Zero, cancel);
    }

    private static async Task<bool> Told(LoadedPlugin plugin, EventContribution handler, AuditRow entry, CancellationToken cancel)
    {
        var where = $"event {entry.Action}";
        try
        {
            return await TimedCall.Run(plugin, where, Limit, either => plugin.Call(where, async (services, stop) =>
            {
                await handler.Handle(services, Event(entry), stop);
                return true;
            }, either), cancel);
        }
        catch (Exception failed)
        {
            // The plugin's own sentence is counted as well: here nobody else reads it.
            if (!plugin.Unloading.IsCancellationRequested && failed is Sdk.UserFacingException { InnerException: not TimeoutException } and not Sdk.CapabilityDeniedException)
            {
                plugin.Entry.Record(where, failed);
            }

            return false;
        }
    }

    // What a plugin did itself it does not hear of: it would keep itself going for ever.
    private static bool Concerns(AuditRow entry, LoadedPlugin plugin, EventContribution handler) =>
        handler.Types.Contains(entry.Action) && !(entry.ActorKind == "plugin" && entry.ActorId == plugin.Manifest.Id);

    private static HostEvent Event(AuditRow entry) => new()
    {
        Id = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{entry.Seq}"),
        Type = entry.Action,
        At = entry.At,
        SubjectKind = entry.SubjectKind,
        SubjectId = entry.SubjectId,
        Subject = entry.SubjectName,
        Actor = entry.ActorName,
        Detail = entry.Detail is null ? new Dictionary<string, string>() : JsonSerializer.Deserialize<Dictionary<string, string>>(entry.Detail) ?? [],
    };

    private static TimeSpan Pause(long failures) => TimeSpan.FromSeconds(5 * Math.Pow(3, failures));

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Events could not be told to {Plugin}/{Handler}: {Reason}")]
        public static partial void Failed(ILogger log, string plugin, string handler, string reason);
    }
}

/// Pumps while the host runs.
internal sealed class EventTelling(EventPump pump, TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var pace = new PeriodicTimer(Pace, clock);
        var under = new List<Task>();
        try
        {
            do
            {
                // Not waited for: a handler that takes its time holds up itself alone, since it is held while it is told.
                under.RemoveAll(one => one.IsCompleted);
                under.Add(pump.Pump(stoppingToken));
            }
            while (await pace.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops; positions are in the database.
            await Task.WhenAll(under).ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }
}

internal static class EventServices
{
    public static IServiceCollection AddPluginEvents(this IServiceCollection services) =>
        services.AddSingleton<EventPositions>().AddSingleton<EventPump>().AddHostedService<EventTelling>();
}
