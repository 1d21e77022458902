using System.Diagnostics;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Work;

/// The time as PostgreSQL has it, carried on from one question to the next by what the processor counts. All workers go by it, so that one whose own clock
/// is wrong, or is set, takes no lease from the others and puts no retry off for as long.
internal sealed class DatabaseClock(IJobDatabase database, TimeProvider inner) : TimeProvider
{
    private const string NowSql = "select cast(extract(epoch from clock_timestamp()) * 1000 as bigint)";

    private volatile Moment? known;

    public override long TimestampFrequency => inner.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => inner.LocalTimeZone;

    public override DateTimeOffset GetUtcNow() => known is { } at ? at.Time + Stopwatch.GetElapsedTime(at.Counted) : inner.GetUtcNow();

    public override long GetTimestamp() => inner.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => inner.CreateTimer(callback, state, dueTime, period);

    public async Task Ask(CancellationToken cancel)
    {
        var asked = Stopwatch.GetTimestamp();
        var time = Statements.Time((await database.Rows<long>(NowSql, new { }, cancel)).Single());

        // An answer that was long on its way says little; the next one will be better.
        if (known is null || Stopwatch.GetElapsedTime(asked) < TimeSpan.FromSeconds(1))
        {
            known = new Moment(time, Stopwatch.GetTimestamp());
        }
    }

    private sealed record Moment(DateTimeOffset Time, long Counted);
}
