using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Sdk.Events;
using Microsoft.Extensions.DependencyInjection;

namespace MedicineMan.Host.Plugins.Loading;

/// The verbs for what happens by itself, and for who may do what.
internal sealed partial class PluginBuilder
{
    private readonly List<ScheduleContribution> schedules = [];
    private readonly List<EventContribution> events = [];
    private readonly HashSet<string> permissions = new(StringComparer.Ordinal);

    public void Schedule<TArguments>(string job, Func<TArguments> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        if (!Declared("schedule of the job", job, package.Manifest.Jobs.Any(one => one.Id == job && one.Cron is not null), schedules.Exists(one => one.JobId == job)))
        {
            return;
        }

        if (jobs.Find(one => one.Id == job)?.Arguments is JsonTypeInfo<TArguments> type)
        {
            schedules.Add(new ScheduleContribution(job, () => JsonSerializer.Serialize(arguments(), type)));
        }
        else
        {
            problems.Add(new PluginProblem("MM1014", $"{Info.Name} schedules the job \"{job}\" with arguments of the type {typeof(TArguments).Name}, and has not registered it with those.",
                "The run would not find what it reads.", "Register the job first, with the same type."));
        }
    }

    public void Permission(string id) =>
        Declared("permission", id, package.Manifest.Permissions.Any(one => one.Id == id), !permissions.Add(id));

    public void On<THandler>(params ReadOnlySpan<string> eventTypes)
        where THandler : class, IEventHandler
    {
        string[] types = [.. eventTypes];
        var name = typeof(THandler).Name;
        if (types.Length == 0 || events.Exists(one => one.Handler == name))
        {
            problems.Add(new PluginProblem("MM1014", $"{Info.Name} registers the handler {name} {(types.Length == 0 ? "without a type of events" : "twice")}.",
                "A handler hears of the events it was registered for.", "Register it once, with all its types."));
            return;
        }

        if (types.Count(type => Declared("event", type, package.Manifest.Events.Contains(type), already: false)) == types.Length)
        {
            services.AddTransient<THandler>();
            events.Add(new EventContribution(name, types, (scope, happened, cancel) => scope.GetRequiredService<THandler>().HandleAsync(happened, cancel)));
        }
    }
}
