using System.Collections.Concurrent;

namespace MedicineMan.Host.Plugins.Faults;

/// How often a plugin was entered and how long it took, by kind of visit. The times stand in buckets that grow by a third, so a value is
/// known to within that and costs no memory.
internal sealed class Measures
{
    private readonly ConcurrentDictionary<string, Times> byKind = new(StringComparer.Ordinal);

    public Times Of(string kind) => byKind.GetOrAdd(kind, static _ => new Times());

    /// By kind, in the order of the alphabet.
    public IReadOnlyList<Measure> Read() => [.. byKind.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => one.Value.Read(one.Key))];

    internal sealed class Times
    {
        private const double Growth = 1.3333;
        private readonly long[] counts = new long[80];

        public void Count(TimeSpan took)
        {
            var microseconds = Math.Max(1, took.TotalMicroseconds);
            Interlocked.Increment(ref counts[Math.Min(counts.Length - 1, (int)Math.Log(microseconds, Growth))]);
        }

        public Measure Read(string kind)
        {
            var now = new long[counts.Length];
            for (var at = 0; at < now.Length; at++)
            {
                now[at] = Interlocked.Read(ref counts[at]);
            }

            var all = now.Sum();
            return new Measure(kind, all, Share(now, all, 0.5), Share(now, all, 0.95));
        }

        private static double Share(long[] counts, long all, double share)
        {
            long seen = 0;
            for (var at = 0; at < counts.Length; at++)
            {
                seen += counts[at];
                if (seen > 0 && seen >= all * share)
                {
                    return Math.Pow(Growth, at + 1) / 1000;
                }
            }

            return 0;
        }
    }
}

/// <param name="Kind">route, job, fragment or provider.</param>
/// <param name="Calls">Since the host has started.</param>
/// <param name="MedianMilliseconds">Half of the calls took no longer.</param>
/// <param name="SlowMilliseconds">19 of 20 calls took no longer.</param>
internal sealed record Measure(string Kind, long Calls, double MedianMilliseconds, double SlowMilliseconds);
