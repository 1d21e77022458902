using System.Data.Common;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Monitoring;

/// Puts the minutes of an hour that is well over together into one row a type, whoever worked: a month is then a few hundred rows a type, and told as fast as a day.
internal sealed class Rollup(IJobDatabase database, TimeProvider time)
{
    private const int MostAtOnce = 50;

    // Minutes are looked at for an hour; the rest is room for clocks and for workers that write late.
    private static readonly TimeSpan KeepMinutes = TimeSpan.FromHours(3);
    private static readonly long Hour = (long)TimeSpan.FromHours(1).TotalMilliseconds;

    private const string NextSql = """
        select organization_id as Organization, minute as Minute from job_stats where worker <> '' and minute < @before order by minute limit 1
        """;

    private const string TakeSql = """
        delete from job_stats where organization_id = @organization and minute >= @hour and minute < @end
        returning minute as Minute, type as Type, succeeded as Succeeded, failed as Failed, dead as Dead, cancelled as Cancelled, wait_ms as WaitMs, run_ms as RunMs
        """;

    private readonly string addSql = $"""
        insert into job_stats (organization_id, minute, type, worker, succeeded, failed, dead, cancelled, wait_ms, run_ms)
        select @organization, @hour, type, '', succeeded, failed, dead, cancelled, wait_ms, run_ms
        from {Statements.Items(database.Dialect, "type text", "succeeded bigint", "failed bigint", "dead bigint", "cancelled bigint", "wait_ms text", "run_ms text")}
        """;

    /// Returns whether there may be more.
    public async Task<bool> Fold(CancellationToken cancel)
    {
        // By whole hours, so that none is put together twice.
        var before = (time.GetUtcNow() - KeepMinutes).Milliseconds() / Hour * Hour;
        for (var done = 0; done < MostAtOnce; done++)
        {
            if ((await database.Rows<OldMinute>(NextSql, new { before }, cancel)).SingleOrDefault() is not { } oldest)
            {
                return false;
            }

            await database.Write(transaction => Fold(transaction, oldest.Organization, oldest.Minute / Hour * Hour, cancel), cancel);
        }

        return true;
    }

    private async Task<bool> Fold(DbTransaction transaction, string organization, long hour, CancellationToken cancel)
    {
        var taken = await transaction.Rows<StoredStats>(TakeSql, new { organization, hour, end = hour + Hour }, cancel);
        var rows = taken.GroupBy(row => row.Type).Select(some => new
        {
            Type = some.Key, Succeeded = some.Sum(row => row.Succeeded), Failed = some.Sum(row => row.Failed), Dead = some.Sum(row => row.Dead), Cancelled = some.Sum(row => row.Cancelled),
            WaitMs = Sum(some.Select(row => row.WaitMs)), RunMs = Sum(some.Select(row => row.RunMs)),
        }).ToList();
        if (rows.Count > 0)
        {
            await transaction.Run(addSql, new { organization, hour, rows = Statements.Json(rows) }, cancel);
        }

        return true;
    }

    private static string Sum(IEnumerable<string> histograms)
    {
        var all = new Histogram();
        foreach (var histogram in histograms)
        {
            all.Add(histogram);
        }

        return all.ToString();
    }

    private sealed record OldMinute
    {
        public required string Organization { get; init; }

        public required long Minute { get; init; }
    }
}
