namespace MedicineMan.Jobs.FaultWorker;

/// A clock that somebody sets forth and back. Timers go on evenly, as they do when a machine's clock is set.
public sealed class JumpingClock : TimeProvider
{
    private long offset;

    public TimeSpan Offset
    {
        get => new(Volatile.Read(ref offset));
        set => Volatile.Write(ref offset, value.Ticks);
    }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Offset;
}
