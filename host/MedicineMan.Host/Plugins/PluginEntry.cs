using MedicineMan.Host.Plugins.Faults;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Memory;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Plugins;

/// One plugin in the catalogue: its state with the reason, and what has gone wrong in it. Safe from any thread.
internal sealed class PluginEntry(string id, string name, PluginOptions options, TimeProvider clock)
{
    private const int KeptFaults = 20;

    private readonly Lock gate = new();
    private readonly LinkedList<PluginFault> latest = [];
    private PluginManifest? manifest;
    private PluginState state = PluginState.Discovered;
    private IReadOnlyList<PluginProblem> problems = [];
    private string reason = "";
    private double milliseconds;
    private MemoryEstimate? memory;
    private int faults;

    public string Id => id;

    public Breaker Breaker { get; } = new(options.BreakerFaults, options.BreakerWindow, options.BreakerPause, clock);

    public Measures Measures { get; } = new();

    public PluginLog Log { get; } = new(clock);

    public PluginState State
    {
        get
        {
            lock (gate)
            {
                return state;
            }
        }
    }

    /// Why it is refused; empty when it is not.
    public IReadOnlyList<PluginProblem> Problems
    {
        get
        {
            lock (gate)
            {
                return problems;
            }
        }
    }

    /// Null until it was read.
    public PluginManifest? Manifest
    {
        get
        {
            lock (gate)
            {
                return manifest;
            }
        }
    }

    public void Knows(PluginManifest read)
    {
        lock (gate)
        {
            manifest = read;
        }
    }

    public void Becomes(PluginState next, string because = "")
    {
        lock (gate)
        {
            (state, reason, problems) = (next, because, []);
        }
    }

    /// A step on the way out; what was refused stays refused, with its reason.
    public void Leaves(PluginState next)
    {
        lock (gate)
        {
            state = state == PluginState.Faulted ? state : next;
        }
    }

    public void Refuse(IReadOnlyList<PluginProblem> because)
    {
        lock (gate)
        {
            var held = because.Any(problem => problem.Code == Quarantine.Code);
            (state, reason, problems) = (held ? PluginState.Quarantined : because.Any(problem => problem.Code == PluginLifecycle.SafeMode) ? PluginState.Disabled : PluginState.Faulted, string.Join('\n', because), because);
        }
    }

    public void Took(TimeSpan time)
    {
        lock (gate)
        {
            milliseconds = time.TotalMilliseconds;
        }
    }

    public void Weighed(MemoryEstimate estimate)
    {
        lock (gate)
        {
            memory = estimate;
        }
    }

    /// Counts a failure of the plugin's code. Only text is kept: an exception's type would pin the plugin.
    public void Record(string where, Exception exception)
    {
        Breaker.Count();
        lock (gate)
        {
            faults++;
            latest.AddFirst(new PluginFault(clock.GetUtcNow(), where, Sentence(exception)));
            if (latest.Count > KeptFaults)
            {
                latest.RemoveLast();
            }
        }
    }

    public PluginStatus Status(int resident)
    {
        lock (gate)
        {
            return new PluginStatus
            {
                Id = id,
                Name = manifest?.Name ?? name,
                Version = manifest?.Version ?? "",
                Summary = manifest?.Summary ?? "",
                Publisher = manifest?.Publisher ?? "",
                State = state,
                Code = problems.Count > 0 ? problems[0].Code : "",
                Reason = reason,
                Capabilities = [.. manifest?.Capabilities.Select(capability => (capability.Scope.Count == 0 ? capability.Name : $"{capability.Name} {string.Join(", ", capability.Scope)}", capability.Reason)) ?? []],
                Contributions = manifest is null ? [] : [.. Contributions(manifest)],
                HasSettings = manifest?.Settings is not null,
                Faults = faults,
                LatestFaults = [.. latest],
                LoadMilliseconds = milliseconds,
                Resident = resident,
                Memory = memory,
                PausedUntil = Breaker.PausedUntil,
            };
        }
    }

    /// What a person reads of an exception.
    public static string Sentence(Exception exception) =>
        exception is UserFacingException ? exception.Message : $"{exception.GetType().Name}: {exception.Message}";

    /// Contributions in short, a line for each kind: "route GET /hi, GET /bye".
    public static IEnumerable<(string Kind, IReadOnlyList<string> Names)> ByKind(IEnumerable<string> contributions) =>
        contributions.Select(one => one.Split(' ', 2)).GroupBy(parts => parts[0], parts => parts[1]).Select(kind => (kind.Key, (IReadOnlyList<string>)[.. kind]));

    private static IEnumerable<string> Contributions(PluginManifest manifest) =>
    [
        .. manifest.Providers.Select(provider => $"{provider.Contract} {provider.Kind}"),
        .. manifest.Routes.Select(route => $"route {route.Method} {route.Path}"),
        .. manifest.Jobs.Select(job => job.Cron is null ? $"job {job.Id}" : $"job {job.Id} at {job.Cron} UTC"),
        .. manifest.Events.Select(type => $"event {type}"),
        .. manifest.Fragments.Select(fragment => $"fragment {fragment.Id} in {fragment.Slot}"),
        .. manifest.Actions.Select(action => $"button {action.Id} for the job {action.Job}"),
        .. manifest.Permissions.Select(permission => $"permission {permission.Id}"),
    ];
}
