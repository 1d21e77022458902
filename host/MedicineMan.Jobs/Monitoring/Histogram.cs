using System.Globalization;
using System.Numerics;

namespace MedicineMan.Jobs.Monitoring;

/// How often something took how long, by power of two of milliseconds: 0 for less than one, then n for less than two to the n. Kept as text, the counts in order.
internal sealed class Histogram
{
    public const int Buckets = 40;

    private readonly long[] counts = new long[Buckets];

    public long this[int bucket] => counts[bucket];

    public long All => counts.Sum();

    public void Add(long milliseconds) => counts[Math.Min(Buckets - 1, 64 - BitOperations.LeadingZeroCount((ulong)Math.Max(0, milliseconds)))]++;

    /// Adds one that was kept.
    public void Add(ReadOnlySpan<char> kept)
    {
        var bucket = 0;
        foreach (var part in kept.Split(' '))
        {
            if (!kept[part].IsEmpty && bucket < Buckets)
            {
                counts[bucket++] += long.Parse(kept[part], NumberStyles.None, CultureInfo.InvariantCulture);
            }
        }
    }

    public override string ToString() =>
        string.Join(' ', counts.Take(Array.FindLastIndex(counts, count => count > 0) + 1).Select(count => count.ToString(CultureInfo.InvariantCulture)));
}
