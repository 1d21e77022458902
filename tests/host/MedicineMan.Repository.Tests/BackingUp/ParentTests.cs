using System.Text.RegularExpressions;
using MedicineMan.Repository.Retention;
using MedicineMan.Repository.Sources;
using MedicineMan.Repository.Tests.Fixtures;

namespace MedicineMan.Repository.Tests.BackingUp;

/// <summary>What a backup takes from the snapshot before it, and which one that is.</summary>
public sealed class ParentTests
{
    // Each file is changed in one way; "same" is not touched.
    private const string Change = """
        cd "$1"
        printf longer > size; touch -r reference size
        touch -d '2003-01-01' modified
        chmod 600 changed
        cp -p inode copy && mv copy inode
        printf CONTENT > content; touch -r reference content
        """;

    [Theory]
    [InlineData(false, false, "changed content inode modified size")]
    [InlineData(true, false, "inode modified size")]
    [InlineData(false, true, "modified size")]
    public async Task A_file_is_opened_again_only_when_its_size_times_or_inode_changed(bool ignoreChangeTime, bool ignoreInode, string opened)
    {
        await using var ours = await TestRepository.Create();
        var source = ours.Scratch["source"];
        await Shell.Run("mkdir \"$1\" && cd \"$1\" && for name in reference same size modified changed inode content; do printf content > $name; touch -d '2002-01-01 00:00:00.5' $name; done", source);
        var first = await BackUp(ours, source, null, new SourceOptions());
        await Shell.Run(Change, source);

        using var watch = new OpenWatch(source);
        var seen = new System.Collections.Concurrent.ConcurrentDictionary<string, SourceChange>();
        var second = await BackUp(ours, source, first.Id, new SourceOptions { IgnoreChangeTime = ignoreChangeTime, IgnoreInode = ignoreInode, Each = item => seen[Path.GetFileName(item.Path)] = item.Change });

        Assert.Equal(opened.Split(' '), watch.Files());
        Assert.Equal(opened.Split(' ').Order(), seen.Where(item => item.Value == SourceChange.Changed).Select(item => item.Key).Order());
        Assert.Equal(7 - opened.Split(' ').Length, second.Statistics.FilesUnchanged);
        Assert.Equal(opened.Split(' ').Length, second.Statistics.FilesChanged);
        Assert.Equal(opened.Contains("content", StringComparison.Ordinal) ? "CONTENT" : "content", System.Text.Encoding.UTF8.GetString(await ours.Read(second.Id, source + "/content")));

        // Metadata is always today's.
        await using (var tree = await ours.Repository.OpenSnapshot(second.Id.ToString(), default))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, (await tree.Find((source + "/changed").Split('/', StringSplitOptions.RemoveEmptyEntries), default))!.Mode);
        }

        await BackUp(ours, source, null, new SourceOptions());
        Assert.Equal(7, watch.Files().Length);
    }

    [SkippableFact]
    public async Task The_parent_is_the_one_that_restic_takes()
    {
        Restic.SkipUnlessInstalled();
        await using var ours = await TestRepository.Create();
        using var forge = await SnapshotForge.Open(ours);
        var (a, b) = (ours.Scratch["a"], ours.Scratch["b"]);
        ours.Scratch.Write("a/file", "a");
        ours.Scratch.Write("b/file", "b");
        var day = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
        string[][] places = [[a], [b], [a, b], ["/elsewhere"]];
        for (var i = 0; i < 12; i++)
        {
            await forge.Write(day.AddDays(i), host: i % 3 == 0 ? "db2" : "db1", paths: places[i % 4], tags: i % 2 == 0 ? ["even"] : null);
        }

        foreach (var (host, paths, time) in new (string, string[], int)[] { ("db1", [a], 40), ("db1", [a, b], 40), ("db2", [b], 40), ("db1", [a], 5), ("db1", [a], 0), ("db2", [a], 0), ("db3", [a], 40) })
        {
            var moment = day.AddDays(time);
            var found = await ours.Repository.View.FindParent(TestRepository.Options(paths) with { Host = host, Time = moment }, new SnapshotGrouping(), default);
            var said = await ours.Restic.Run(["backup", "--dry-run", "--host", host, "--time", moment.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture), .. paths]);
            Assert.Equal(Regex.Match(said, "using parent snapshot (\\w+)") is { Success: true } match ? match.Groups[1].Value : null, found?.Id.Prefix);
        }

        // Newer versions of restic know more groups than the one that may be installed here.
        var all = await ours.Repository.Snapshots(default).ToListAsync();
        Assert.Equal(all[11].Id, (await ours.Repository.View.FindParent(TestRepository.Options(a), new SnapshotGrouping(false, false), default))!.Id);
        Assert.Equal(all[10].Id, (await ours.Repository.View.FindParent(TestRepository.Options(a) with { Tags = ["even"] }, new SnapshotGrouping(false, false, true), default))!.Id);
        Assert.Equal(all[9].Id, (await ours.Repository.View.FindParent(TestRepository.Options(a) with { Host = "db2" }, new SnapshotGrouping(true, false), default))!.Id);
    }

    [Fact]
    public async Task A_dry_run_counts_what_a_backup_would_and_writes_nothing()
    {
        await using var ours = await TestRepository.Create();
        ours.Scratch.Write("source/rows", string.Concat(Enumerable.Range(0, 50_000)));
        var first = await ours.BackUpFolder(ours.Scratch["source"]);
        File.WriteAllBytes(ours.Scratch["source/noise"], Some.Noise(3_000_000));
        var before = Files(ours);

        var options = TestRepository.Options(ours.Scratch["source"]) with { Parent = first.Id };
        var dry = await Run(ours, options with { DryRun = true });

        Assert.Equal(before, Files(ours));
        Assert.False(dry.IsWritten);
        Assert.Equal(default, dry.Id);
        var real = await Run(ours, options);
        Assert.True(real.IsWritten);
        Assert.Equal((real.Statistics.DataBlobs, real.Statistics.FilesUnchanged, real.Statistics.BytesRead), (dry.Statistics.DataBlobs, dry.Statistics.FilesUnchanged, dry.Statistics.BytesRead));
        // The listings of the folders on the way change while other tests work in them.
        Assert.InRange(dry.Statistics.BytesNew, 3_000_000, 3_050_000);
        Assert.InRange(real.Statistics.BytesNew, 3_000_000, 3_050_000);
    }

    [Fact]
    public async Task A_snapshot_that_would_be_the_same_is_not_written_when_nobody_wants_it()
    {
        await using var ours = await TestRepository.Create();
        var time = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var options = TestRepository.Options() with { Time = time };
        var first = await Stream(options);
        var second = await Stream(options with { Parent = first.Id, SkipIfUnchanged = true });
        Assert.False(second.IsWritten);
        Assert.Equal(first.Id, second.Id);
        Assert.True((await Stream(options with { Parent = first.Id })).IsWritten);
        Assert.True((await Stream(options with { Parent = first.Id, SkipIfUnchanged = true }, "other")).IsWritten);
        Assert.Equal(3, await ours.Repository.Snapshots(default).CountAsync());

        async Task<CommittedSnapshot> Stream(SnapshotOptions with, string content = "content")
        {
            await using var session = await ours.Repository.BeginSnapshot(with, default);
            await session.AddStream(["file"], new MemoryStream(System.Text.Encoding.UTF8.GetBytes(content)), Chunking.ChunkProfile.Stream, default);
            return await session.Commit(default);
        }
    }

    private static string[] Files(TestRepository ours) => [.. Directory.GetFiles(ours.Folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private static Task<CommittedSnapshot> BackUp(TestRepository ours, string source, ObjectId? parent, SourceOptions sources) =>
        Run(ours, TestRepository.Options(source) with { Parent = parent, Sources = sources });

    private static async Task<CommittedSnapshot> Run(TestRepository ours, SnapshotOptions options)
    {
        await using var session = await ours.Repository.BeginSnapshot(options, default);
        await session.AddSources(options.Paths, default);
        return await session.Commit(default);
    }
}
