using System.Collections.Concurrent;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Plugins.Faults;

/// Why a plugin can't be entered now.
internal enum Refusal
{
    /// Stopped or replaced.
    Gone,

    /// It failed too often and rests.
    Paused,

    /// As many visits of this kind as it may have are inside.
    Busy,
}

/// Lets visits of one plugin version in and out: how many at once, not while it is paused, each with a crumb in case the process dies inside, each
/// measured. A visit's kind is the first word of where it goes: "route GET /greeting", "job greet", "fragment card", "provider postgres", "event".
internal sealed class Visits(PluginEntry entry, Breadcrumbs crumbs, PluginOptions options, TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, Counter> inside = new(StringComparer.Ordinal);

    /// <returns>Null when the visit is let in; it ends with <see cref="End"/>.</returns>
    public Refusal? Begin(string where, out Visit visit)
    {
        var kind = KindOf(where);
        visit = default;
        if (entry.Breaker.PausedUntil is not null)
        {
            return Refusal.Paused;
        }

        var counter = inside.GetOrAdd(kind, static _ => new Counter());
        if (Interlocked.Increment(ref counter.Value) > options.MostAtOnce)
        {
            Interlocked.Decrement(ref counter.Value);
            return Refusal.Busy;
        }

        visit = new Visit(kind, crumbs.Drop(entry.Id, kind), clock.GetTimestamp());
        return null;
    }

    public void End(Visit visit)
    {
        crumbs.Pick(visit.Crumb);
        Interlocked.Decrement(ref inside[visit.Kind].Value);
        entry.Measures.Count(visit.Kind, clock.GetElapsedTime(visit.Started));
    }

    /// What a person reads when a visit is refused.
    public UserFacingException Refused(Refusal why, string name, string version) => new(why switch
    {
        Refusal.Paused => $"The plugin {name} failed too often and rests{(entry.Breaker.PausedUntil is { } until ? $" until {until:HH:mm:ss} UTC" : "")}. Settings, Plugins lists what failed, and there it can be tried at once.",
        Refusal.Busy => $"The plugin {name} has as much to do as it may at once. Try again.",
        _ => $"The plugin {name} {version} has been stopped or replaced. Try again.",
    });

    private static string KindOf(string where) => where.IndexOf(' ', StringComparison.Ordinal) is var end and > 0 ? where[..end] : where;

    internal readonly record struct Visit(string Kind, int Crumb, long Started);

    private sealed class Counter
    {
        public int Value;
    }
}
