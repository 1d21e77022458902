namespace MedicineMan.Jobs.Work;

/// How fast a worker's jobs are, and so how many it should hold ready: as many as it ends in a moment when they take milliseconds, none when they take longer.
internal sealed class Pace(int most, TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    private readonly Lock gate = new();
    private long since = time.GetTimestamp();
    private int before;
    private int ended;
    private double average;

    public int Reserve
    {
        get
        {
            lock (gate)
            {
                Turn();
                return average > Short.TotalMilliseconds ? 0 : Math.Min(most, 2 * Math.Max(before, ended));
            }
        }
    }

    public void Ended(TimeSpan took)
    {
        lock (gate)
        {
            Turn();
            ended++;
            average = (0.9 * average) + (0.1 * took.TotalMilliseconds);
        }
    }

    private void Turn()
    {
        var passed = time.GetElapsedTime(since);
        if (passed >= Window)
        {
            before = passed < 3 * Window ? ended : 0;
            ended = 0;
            since = time.GetTimestamp();
        }
    }
}
