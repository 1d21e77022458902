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
    private readonly ConcurrentDictionary<string, Lane> lanes = new(StringComparer.Ordinal);

    /// <returns>Null when the visit is let in; it ends with <see cref="End"/>.</returns>
    public Refusal? Begin(string where, out Visit visit)
    {
        visit = default;
        if (entry.Breaker.PausedUntil is not null)
        {
            return Refusal.Paused;
        }

        var lane = Of(where);
        if (Interlocked.Increment(ref lane.Inside) > options.MostAtOnce)
        {
            Interlocked.Decrement(ref lane.Inside);
            return Refusal.Busy;
        }

        visit = new Visit(lane, crumbs.Drop(lane.Crumb), clock.GetTimestamp());
        return null;
    }

    public void End(Visit visit)
    {
        crumbs.Pick(visit.Crumb);
        Interlocked.Decrement(ref visit.Lane.Inside);
        visit.Lane.Times.Count(clock.GetElapsedTime(visit.Started));
    }

    /// What a person reads when a visit is refused.
    public UserFacingException Refused(Refusal why, string name, string version) => new(why switch
    {
        Refusal.Paused => $"The plugin {name} failed too often and rests{(entry.Breaker.PausedUntil is { } until ? $" until {until:HH:mm:ss} UTC" : "")}. Settings, Plugins lists what failed, and there it can be tried at once.",
        Refusal.Busy => $"The plugin {name} has as much to do as it may at once. Try again.",
        _ => $"The plugin {name} {version} has been stopped or replaced. Try again.",
    });

    private Lane Of(string where)
    {
        var kind = where.IndexOf(' ', StringComparison.Ordinal) is var end and > 0 ? where.AsSpan(0, end) : where;
        return lanes.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(kind, out var lane) ? lane : lanes.GetOrAdd(kind.ToString(), Made);
    }

    private Lane Made(string kind) => new(Breadcrumbs.Of(entry.Id, kind), entry.Measures.Of(kind));

    internal readonly record struct Visit(Lane Lane, int Crumb, long Started);

    /// What visits of one kind share.
    internal sealed class Lane(byte[] crumb, Measures.Times times)
    {
        public int Inside;

        public byte[] Crumb => crumb;

        public Measures.Times Times => times;
    }
}
