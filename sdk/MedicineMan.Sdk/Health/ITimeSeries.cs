namespace MedicineMan.Sdk.Health;

/// <summary>Numbers over time, such as a plugin measures them. Needs the capability <c>store</c>.</summary>
public interface ITimeSeries
{
    /// <summary>Adds a point to a series of the plugin's own.</summary>
    /// <param name="series">Dotted lower-case words with the unit last: <c>queue.wait.seconds</c>.</param>
    /// <param name="subject">What it was measured on, for instance a server's id; empty for the whole.</param>
    /// <param name="at">When.</param>
    /// <param name="value">The number; not a number is refused.</param>
    /// <param name="cancel">Ends the wait.</param>
    ValueTask AddAsync(string series, string subject, DateTimeOffset at, double value, CancellationToken cancel);

    /// <summary>Points of a series in order of time, at most 10,000, evenly thinned out beyond that.</summary>
    ValueTask<IReadOnlyList<SeriesPoint>> ReadAsync(string series, string subject, DateTimeOffset from, DateTimeOffset to, CancellationToken cancel);
}

/// <summary>A number at a time.</summary>
/// <param name="At">When.</param>
/// <param name="Value">The number.</param>
public readonly record struct SeriesPoint(DateTimeOffset At, double Value);
