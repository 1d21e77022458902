namespace MedicineMan.Host.Plugins.Faults;

/// Pauses a plugin that fails again and again, so that pages and jobs are answered at once instead of failing slowly. After the pause it is tried
/// again; a failure soon after that pauses it for twice as long.
internal sealed class Breaker(int most, TimeSpan within, TimeSpan pause, TimeProvider clock)
{
    private const int LongestFactor = 64;

    private readonly Lock gate = new();
    private readonly Queue<DateTimeOffset> recent = [];
    private DateTimeOffset until = DateTimeOffset.MinValue;
    private int factor;

    /// Until when calls are refused; null while they are let in.
    public DateTimeOffset? PausedUntil
    {
        get
        {
            lock (gate)
            {
                return clock.GetUtcNow() < until ? until : null;
            }
        }
    }

    public void Count()
    {
        lock (gate)
        {
            var now = clock.GetUtcNow();
            if (now < until)
            {
                return;
            }

            while (recent.TryPeek(out var oldest) && now - oldest > within)
            {
                recent.Dequeue();
            }

            // It just came back: one failure is enough to see that nothing has changed.
            var justBack = factor > 0 && now - until < within;
            recent.Enqueue(now);
            if (justBack || recent.Count >= most)
            {
                factor = justBack ? Math.Min(factor * 2, LongestFactor) : 1;
                until = now + (pause * factor);
                recent.Clear();
            }
        }
    }

    /// Lets calls in again, as a person asks.
    public void Reset()
    {
        lock (gate)
        {
            (until, factor) = (DateTimeOffset.MinValue, 0);
            recent.Clear();
        }
    }
}
