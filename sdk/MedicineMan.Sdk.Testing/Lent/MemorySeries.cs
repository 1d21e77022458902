using MedicineMan.Sdk.Health;
using MedicineMan.Sdk.Testing.Hosting;

namespace MedicineMan.Sdk.Testing.Lent;

/// <summary>Numbers over time, in memory.</summary>
public sealed class MemorySeries : ITimeSeries
{
    private const int MostPoints = 10_000;

    private readonly List<(string Series, string Subject, SeriesPoint Point)> points = [];

    internal Grant? Grant { get; set; }

    /// <inheritdoc/>
    public ValueTask AddAsync(string series, string subject, DateTimeOffset at, double value, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        Grant?.Need("store");
        if (double.IsNaN(value))
        {
            throw new UserFacingException($"{series} was given no number. Leave the point out.");
        }

        lock (points)
        {
            points.Add((series, subject, new SeriesPoint(at, value)));
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SeriesPoint>> ReadAsync(string series, string subject, DateTimeOffset from, DateTimeOffset to, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        Grant?.Need("store");
        lock (points)
        {
            var found = points.Where(one => one.Series == series && one.Subject == subject && one.Point.At >= from && one.Point.At <= to)
                .Select(one => one.Point).OrderBy(point => point.At).ToList();
            var step = (found.Count + MostPoints - 1) / MostPoints;
            return ValueTask.FromResult<IReadOnlyList<SeriesPoint>>(step <= 1 ? found : [.. found.Where((_, at) => at % step == 0)]);
        }
    }
}
