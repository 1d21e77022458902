using System.Text.Json;
using MedicineMan.Repository.Retention;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Tests.Upkeep;

public sealed class ForgetTests
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    [SkippableFact]
    public async Task Any_rule_keeps_exactly_what_restic_keeps()
    {
        Restic.SkipUnlessInstalled();
        await using var ours = await TestRepository.Create();
        var seed = Environment.TickCount;
        var random = new Random(seed);
        using var forge = await SnapshotForge.Open(ours);
        await Many(forge, random, 150);
        var keepsOldest = await ResticKeepsOldest();
        for (var round = 0; round < 25; round++)
        {
            var (arguments, rule, grouping, filter) = Rule(random);
            var report = await ours.Repository.Upkeep.Forget(
                new ForgetOptions { Rule = rule with { KeepOldest = keepsOldest }, Grouping = grouping, Filter = filter, Guards = RetentionGuards.None, DryRun = true }, default);
            var expected = Groups(await ours.Restic.Run(["forget", "--dry-run", "--json", .. arguments]));
            var actual = report.Groups.Select(group => Line(
                group.Keep.Select(kept => kept.Snapshot.Id.ToString()), group.Remove.Select(snapshot => snapshot.Id.ToString()), group.Keep.ToDictionary(kept => kept.Snapshot.Id.ToString(), kept => kept.Reasons)));
            Assert.True(expected.Order().SequenceEqual(actual.Order()), $"Seed {seed}, round {round}: {string.Join(' ', arguments)}");
        }
    }

    [SkippableFact]
    public async Task The_guards_keep_nothing_more_of_an_ordinary_history_and_restic_agrees_with_the_end()
    {
        Restic.SkipUnlessInstalled();
        await using var ours = await TestRepository.Create();
        using var forge = await SnapshotForge.Open(ours);
        for (var day = 0; day < 40; day++)
        {
            await forge.Write(Now.AddDays(-day).AddMinutes(-1));
        }

        var report = await ours.Repository.Upkeep.Forget(new ForgetOptions { Rule = new RetentionRule { Daily = 7, Last = 3 } }, default);

        Assert.Equal((7, 33), (Assert.Single(report.Groups).Keep.Count, report.Removed));
        Assert.Equal(7, JsonDocument.Parse(await ours.Restic.Run("snapshots", "--json")).RootElement.GetArrayLength());
        await ours.Restic.Run("check");
    }

    [Fact]
    public async Task A_flood_of_new_snapshots_and_some_from_the_future_push_nothing_out()
    {
        await using var ours = await TestRepository.Create();
        using var forge = await SnapshotForge.Open(ours);
        var old = new List<ObjectId>();
        for (var day = 1; day <= 5; day++)
        {
            old.Add(await forge.Write(Now.AddDays(-day)));
        }

        for (var i = 0; i < 40; i++)
        {
            await forge.Write(Now.AddHours(-3).AddSeconds(-i));
        }

        var future = await forge.Write(Now.AddYears(3));
        await ours.Repository.Upkeep.Forget(new ForgetOptions { Rule = new RetentionRule { Last = 5, Hourly = 4 } }, default);

        var left = await Left(ours);
        Assert.Superset(old.Take(4).Append(future).ToHashSet(), left.ToHashSet());
        Assert.Equal(4 + 1 + 5, left.Count);
    }

    [Fact]
    public async Task The_newest_and_the_newest_proven_stay_whatever_rule_or_person_says()
    {
        await using var ours = await TestRepository.Create();
        using var forge = await SnapshotForge.Open(ours);
        var ids = new List<ObjectId>();
        for (var day = 6; day >= 1; day--)
        {
            ids.Add(await forge.Write(Now.AddDays(-day)));
        }

        var guards = new RetentionGuards { Proven = new HashSet<ObjectId> { ids[0], ids[2] } };
        var refused = await Assert.ThrowsAsync<UserFacingException>(() => Forget(ours, guards, ids[5].Prefix, ids[1].Prefix));
        Assert.Contains("newest", refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<UserFacingException>(() => Forget(ours, guards, ids[2].ToString()));
        Assert.Equal(6, (await Left(ours)).Count);

        await Forget(ours, guards, ids[0].Prefix);
        await ours.Repository.Upkeep.Forget(new ForgetOptions { Rule = new RetentionRule { Tags = [["no such"]] }, Guards = guards }, default);
        Assert.Equal([ids[2], ids[5]], await Left(ours));

        await Forget(ours, RetentionGuards.None, "latest", ids[2].Prefix);
        Assert.Empty(await Left(ours));
    }

    [Fact]
    public async Task Without_a_rule_or_with_a_name_that_is_none_nothing_goes()
    {
        await using var ours = await TestRepository.Create();
        using var forge = await SnapshotForge.Open(ours);
        await forge.Write(Now.AddDays(-2));
        await forge.Write(Now.AddDays(-1));
        Assert.Equal(0, (await ours.Repository.Upkeep.Forget(new ForgetOptions(), default)).Removed);
        await Assert.ThrowsAsync<UserFacingException>(() => Forget(ours, RetentionGuards.None, "zz"));
        await Assert.ThrowsAsync<UserFacingException>(() => Forget(ours, RetentionGuards.None, ""));
        Assert.Equal(2, (await Left(ours)).Count);
        Assert.Empty(Directory.GetFiles(Path.Combine(ours.Folder, "locks")));
    }

    [Theory]
    [InlineData("2026-03-31T10:00:00+00:00", "1m", "2026-03-03T10:00:00+00:00")]
    [InlineData("2026-01-01T00:30:00+05:30", "1y1d1h", "2024-12-30T23:30:00+05:30")]
    [InlineData("2024-02-29T12:00:00+00:00", "1y", "2023-03-01T12:00:00+00:00")]
    [InlineData("2026-05-05T12:00:00-03:00", "14m2d", "2025-03-03T12:00:00-03:00")]
    [InlineData("2026-05-05T12:00:00+00:00", "9000y", "0001-01-01T00:00:00+00:00")]
    public void Spans_are_those_of_the_calendar(string from, string span, string expected) => Assert.Equal(
        DateTimeOffset.Parse(expected, System.Globalization.CultureInfo.InvariantCulture),
        KeepFor.Parse(span).Before(DateTimeOffset.Parse(from, System.Globalization.CultureInfo.InvariantCulture), TimeZoneInfo.Utc));

    [Theory]
    [InlineData("7")]
    [InlineData("d")]
    [InlineData("7w")]
    [InlineData("1y-")]
    [InlineData("99999999999d")]
    public void What_is_no_span_is_refused(string text) => Assert.Throws<UserFacingException>(() => KeepFor.Parse(text));

    private static Task<ForgetReport> Forget(TestRepository ours, RetentionGuards guards, params string[] names) =>
        ours.Repository.Upkeep.Forget(new ForgetOptions { Names = names, Guards = guards }, default);

    private static async Task<List<ObjectId>> Left(TestRepository ours) =>
        [.. (await ours.Repository.Snapshots(default).ToListAsync()).OrderBy(snapshot => snapshot.Time).Select(snapshot => snapshot.Id)];

    private static async Task Many(SnapshotForge forge, Random random, int count)
    {
        TimeSpan[] zones = [TimeSpan.Zero, TimeSpan.Zero, new(5, 30, 0), TimeSpan.FromHours(-8), TimeSpan.FromHours(13)];
        for (var i = 0; i < count; i++)
        {
            var time = Now.AddSeconds(-Math.Pow(random.NextDouble(), 3) * 3 * 365 * 86400 - 1).ToOffset(zones[random.Next(zones.Length)]);
            await forge.Write(
                time, random.Next(4) == 0 ? "db2" : "db1", random.Next(3) switch { 0 => ["/etc"], 1 => ["/var", "/etc"], _ => ["/etc", "/var"] },
                random.Next(4) switch { 0 => null, 1 => ["a"], 2 => ["b", "a"], _ => ["c"] });
        }
    }

    private static (string[] Arguments, RetentionRule Rule, SnapshotGrouping Grouping, SnapshotFilter Filter) Rule(Random random)
    {
        var arguments = new List<string>();
        var rule = new RetentionRule();
        var parts = new (string Option, Func<RetentionRule, int, string, RetentionRule> Set)[]
        {
            ("last", (r, n, _) => r with { Last = n }), ("hourly", (r, n, _) => r with { Hourly = n }), ("daily", (r, n, _) => r with { Daily = n }),
            ("weekly", (r, n, _) => r with { Weekly = n }), ("monthly", (r, n, _) => r with { Monthly = n }), ("yearly", (r, n, _) => r with { Yearly = n }),
            ("within", (r, _, s) => r with { Within = KeepFor.Parse(s) }), ("within-hourly", (r, _, s) => r with { WithinHourly = KeepFor.Parse(s) }),
            ("within-daily", (r, _, s) => r with { WithinDaily = KeepFor.Parse(s) }), ("within-weekly", (r, _, s) => r with { WithinWeekly = KeepFor.Parse(s) }),
            ("within-monthly", (r, _, s) => r with { WithinMonthly = KeepFor.Parse(s) }), ("within-yearly", (r, _, s) => r with { WithinYearly = KeepFor.Parse(s) }),
            ("tag", (r, n, _) => r with { Tags = n % 2 == 0 ? [["b", "a"]] : [["c"], [""]] }),
        };
        var first = parts[random.Next(parts.Length)];
        foreach (var part in parts.Where(part => part == first || random.Next(5) == 0))
        {
            var number = random.Next(1, 30);
            var span = $"{random.Next(2)}y{random.Next(12)}m{random.Next(40)}d{random.Next(1, 50)}h";
            rule = part.Set(rule, number, span);
            arguments.AddRange(part.Option == "tag"
                ? number % 2 == 0 ? ["--keep-tag", "b,a"] : ["--keep-tag", "c", "--keep-tag", ""]
                : [$"--keep-{part.Option}", part.Option.StartsWith("within", StringComparison.Ordinal) ? span : $"{number}"]);
        }

        (string Text, SnapshotGrouping Grouping)[] groupings =
        [
            ("host,paths", new()), ("host", new(Paths: false)), ("tags", new(false, false, true)), ("", new(false, false)), ("host,paths,tags", new(Tags: true)),
        ];
        var grouping = groupings[random.Next(groupings.Length)];
        (string[] Text, SnapshotFilter Filter)[] filters =
        [
            ([], new()), ([], new()), (["--host", "db1"], new() { Hosts = ["db1"] }), (["--tag", "a", "--tag", "c"], new() { Tags = [["a"], ["c"]] }), (["--path", "/var"], new() { Paths = ["/var"] }),
        ];
        var filter = filters[random.Next(filters.Length)];
        return ([.. arguments, "--group-by", grouping.Text, .. filter.Text], rule, grouping.Grouping, filter.Filter);
    }

    // Newer ones keep the oldest snapshot, too, while a count is left.
    private static async Task<bool> ResticKeepsOldest()
    {
        await using var two = await TestRepository.Create();
        using var forge = await SnapshotForge.Open(two);
        await forge.Write(new DateTimeOffset(2026, 1, 5, 10, 0, 0, TimeSpan.Zero));
        await forge.Write(new DateTimeOffset(2026, 1, 5, 11, 0, 0, TimeSpan.Zero));
        return Groups(await two.Restic.Run("forget", "--dry-run", "--json", "--keep-yearly", "5")).Single().EndsWith("-[]", StringComparison.Ordinal);
    }

    private static List<string> Groups(string json) =>
    [
        .. JsonDocument.Parse(json).RootElement.EnumerateArray().Select(group => Line(
            Ids(group.GetProperty("keep")), Ids(group.GetProperty("remove")),
            group.GetProperty("reasons").ValueKind == JsonValueKind.Null ? [] : group.GetProperty("reasons").EnumerateArray().ToDictionary(
                reason => Id(reason.GetProperty("snapshot"), group), reason => (IReadOnlyList<string>)[.. reason.GetProperty("matches").EnumerateArray().Select(match => match.GetString()!)]))),
    ];

    private static IEnumerable<string> Ids(JsonElement list) =>
        list.ValueKind == JsonValueKind.Null ? [] : list.EnumerateArray().Select(snapshot => snapshot.GetProperty("id").GetString()!);

    // A reason names its snapshot by time, tree and host alone; within these tests a time stands for one snapshot.
    private static string Id(JsonElement snapshot, JsonElement group) =>
        group.GetProperty("keep").EnumerateArray().Single(kept => kept.GetProperty("time").GetString() == snapshot.GetProperty("time").GetString()).GetProperty("id").GetString()!;

    private static string Line(IEnumerable<string> keep, IEnumerable<string> remove, Dictionary<string, IReadOnlyList<string>> reasons) =>
        JsonSerializer.Serialize(keep.Order().Select(id => $"{id} {string.Join("; ", reasons[id])}")) + "-" + JsonSerializer.Serialize(remove.Order());
}
