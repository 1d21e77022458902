using Dapper;
using MedicineMan.Host.Data;
using MedicineMan.Host.Plugins.Capabilities.Stores;
using MedicineMan.Jobs;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Plugins.Capabilities;

/// Store, series and jobs of a plugin, on both databases.
public sealed class StoreTests
{
    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_store_keeps_values_over_versions_and_within_its_room(bool postgres)
    {
        await using var curious = await CuriousHost.Start(postgres);

        Assert.Equal("nothing", await curious.Ask("store", ("key", "a")));
        Assert.Equal("one", await curious.Ask("store", ("key", "a"), ("value", "one")));
        Assert.Equal("two", await curious.Ask("store", ("key", "a"), ("value", "two")));
        Assert.Equal("", await curious.Ask("store", ("key", "a%"), ("value", "")));
        await curious.Load();
        Assert.Equal("two", await curious.Ask("store", ("key", "a")));
        Assert.Equal("a a%", await curious.Ask("keys", ("prefix", "a")));
        Assert.Equal("a%", await curious.Ask("keys", ("prefix", "a%")));
        Assert.Equal("True", await curious.Ask("store", ("key", "a"), ("remove", "true")));
        Assert.Equal("False", await curious.Ask("store", ("key", "a"), ("remove", "true")));

        Assert.Contains("can't store 65537 bytes", await curious.Ask("fill", ("prefix", "large"), ("count", 1), ("bytes", 65_537)), StringComparison.Ordinal);
        Assert.Equal("filled", await curious.Ask("fill", ("prefix", "big"), ("count", 255), ("bytes", 65_536)));
        Assert.Contains("is full: it holds 16 MiB", await curious.Ask("fill", ("prefix", "more"), ("count", 2), ("bytes", 65_536)), StringComparison.Ordinal);
        Assert.Equal(255, (await curious.Ask("keys", ("prefix", "big"))).Split(' ').Length);
        // What is replaced or removed gives its room back.
        Assert.Equal("filled", await curious.Ask("fill", ("prefix", "big"), ("count", 255), ("bytes", 10)));
        Assert.Equal("filled", await curious.Ask("fill", ("prefix", "more"), ("count", 100), ("bytes", 65_536)));

        await curious.Host.Get<Database>().Write(transaction => Leftovers.Remove(transaction, CuriousHost.Id, CancellationToken.None), CancellationToken.None);
        Assert.Equal("", await curious.Ask("keys", ("prefix", "")));
        Assert.Equal("filled", await curious.Ask("fill", ("prefix", "again"), ("count", 200), ("bytes", 65_536)));
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Series_are_bounded_and_thinned_out(bool postgres)
    {
        await using var curious = await CuriousHost.Start(postgres);
        var series = curious.Plugin.Lent.Series;
        var start = DateTimeOffset.UnixEpoch.AddDays(20_000);

        Assert.Equal("2.5 3.5", await curious.Ask("series", ("value", 1.5)));
        Assert.Equal("5 6", await curious.Ask("series", ("value", 4)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => series.AddAsync("a.b", "", start, double.NaN, CancellationToken.None).AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => series.AddAsync("A b", "", start, 1, CancellationToken.None).AsTask());

        await Insert(curious, "long.series", LentSeries.MostPoints + 500, start);
        await series.AddAsync("long.series", "", start.AddMinutes(LentSeries.MostPoints + 500), 1, CancellationToken.None);
        var read = await series.ReadAsync("long.series", "", start, start.AddYears(1), CancellationToken.None);
        Assert.InRange(read.Count, LentSeries.MostRead / 2, LentSeries.MostRead);
        Assert.Equal(start.AddMinutes(501), read[0].At);
        Assert.Single(read.Zip(read.Skip(1), (one, next) => next.At - one.At).Distinct());
        Assert.Equal(LentSeries.MostPoints, await Count(curious, "long.series"));
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Its_own_jobs_run_once_for_a_key_and_no_other_job_can_be_started(bool postgres)
    {
        await using var curious = await CuriousHost.Start(postgres);

        var job = await curious.Ask("job", ("job", "note"), ("text", "later"), ("key", "k"));
        await Eventually.Holds(async () => await curious.Ask("store", ("key", $"note:{job}")) == "later");

        var row = (await curious.Host.Get<JobQueue>().Find("default", job, CancellationToken.None))!;
        Assert.Equal(("plugin:tests.curious/note", "Curious: note", 2, "plugin:tests.curious/note:k"), (row.Type, row.Title, row.MaxAttempts, row.UniqueKey));
        Assert.Equal("!Curious has registered no job \"greet\".", await curious.Ask("job", ("job", "greet"), ("text", "x")));
        Assert.Equal("!Curious has registered no job \"scan-server\".", await curious.Ask("job", ("job", "scan-server"), ("text", "x")));
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Its_jobs_wait_and_go_first_as_it_says_and_go_on_after_a_failure_where_they_were(bool postgres)
    {
        await using var curious = await CuriousHost.Start(postgres);
        var (queue, soon) = (curious.Host.Get<JobQueue>(), DateTimeOffset.UtcNow.AddDays(1).ToString("O"));

        var waits = await curious.Ask("job", ("job", "note"), ("text", "later"), ("delay", 3600), ("priority", 7), ("deadline", soon));
        var row = (await queue.Find("default", waits, CancellationToken.None))!;
        Assert.Equal((JobState.Scheduled, 7), (row.State, row.Priority));
        Assert.InRange(row.DueAt - row.CreatedAt, TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(61));
        Assert.NotNull(row.Deadline);

        var tired = await curious.Ask("job", ("job", "note"), ("text", "in two attempts"));
        await Eventually.Holds(async () => await curious.Ask("store", ("key", $"note:{tired}")) == "half of it");
        var attempts = (await queue.Attempts("default", tired, CancellationToken.None)).OrderBy(attempt => attempt.Number).ToList();
        Assert.Equal("failed", attempts[0].Outcome);
        // The manifest's second, less up to half of it by chance; without it five.
        Assert.InRange(((await queue.Find("default", tired, CancellationToken.None))!.DueAt - attempts[0].EndedAt!.Value).TotalSeconds, 0.4, 1.1);
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Its_jobs_can_belong_together_and_be_followed_by_another(bool postgres)
    {
        await using var curious = await CuriousHost.Start(postgres);
        var queue = curious.Host.Get<JobQueue>();

        var good = await curious.Ask("group", ("texts", "one,two,three"), ("then", "note"));
        await Eventually.Holds(async () => (await queue.FindGroup("default", good, default))?.NextJob is not null);
        var group = (await queue.FindGroup("default", good, default))!;
        Assert.Equal(("Write it all down", 3, 0, 0), (group.Title, group.Jobs, group.Open, group.Failed));
        await Eventually.Holds(async () => await curious.Ask("store", ("key", $"note:{group.NextJob}")) == "all of it");
        Assert.Equal(3, (await queue.Page("default", new() { Group = good }, null, 10, default)).Count);

        var (bad, always) = (await curious.Ask("group", ("texts", "one,in vain"), ("then", "note")), await curious.Ask("group", ("texts", "one,in vain"), ("then", "note"), ("always", true)));
        await Eventually.Holds(async () => (await queue.FindGroup("default", always, default))!.NextJob is not null && (await queue.FindGroup("default", bad, default))!.Open == 0);
        Assert.Equal((1, null), ((await queue.FindGroup("default", bad, default))!.Failed, (await queue.FindGroup("default", bad, default))!.NextJob));

        var before = (await queue.Page("default", new(), null, 100, default)).Count;
        Assert.Equal("!Curious has registered no job \"greet\".", await curious.Ask("group", ("texts", "one,two"), ("then", "greet")));
        await curious.Ask("group", ("texts", "one,two"), ("then", "note"), ("unique", "k"));
        Assert.Equal(before, (await queue.Page("default", new(), null, 100, default)).Count);
    }

    [Theory]
    [InlineData("store", "store")]
    [InlineData("store", "keys")]
    [InlineData("store", "series")]
    [InlineData("jobs", "job")]
    [InlineData("jobs", "group")]
    public async Task What_was_not_granted_is_refused_and_written_down(string capability, string route)
    {
        await using var curious = await CuriousHost.Start(change: CuriousHost.Without(capability));

        var said = await curious.Ask(route, ("key", "a"), ("value", 1), ("prefix", ""), ("job", "note"), ("text", ""), ("texts", "one"), ("then", "note"));

        Assert.StartsWith($"!The capability {capability} is needed: without it", said, StringComparison.Ordinal);
        Assert.Single(await curious.Refusals());
    }

    private static async Task Insert(CuriousHost curious, string series, int points, DateTimeOffset start)
    {
        await curious.Plugin.Lent.Series.AddAsync(series, "", start, 0, CancellationToken.None);
        await curious.Host.Get<Database>().Write(async transaction =>
        {
            await transaction.Connection!.ExecuteAsync("""
                with recursive n(i) as (select 1 union all select i + 1 from n where i < @points - 1)
                insert into plugin_points (organization_id, plugin_id, series, subject, at, value)
                select 'default', 'tests.curious', @series, '', @start + i * 60000, i from n
                """, new { points, series, start = start.ToUnixTimeMilliseconds() }, transaction);
            await transaction.Connection!.ExecuteAsync("update plugin_series set points = @points where series = @series", new { points, series }, transaction);
        }, CancellationToken.None);
    }

    private static async Task<long> Count(CuriousHost curious, string series)
    {
        await using var connection = await curious.Host.Get<Database>().OpenRead(CancellationToken.None);
        return await connection.ExecuteScalarAsync<long>("select count(*) from plugin_points where series = @series", new { series });
    }
}
