using MedicineMan.Repository.Patterns;
using MedicineMan.Repository.Restoring;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Tests.Restoring;

public sealed class RestoreTests
{
    [Theory]
    [InlineData("taken", false)]
    [InlineData("taken", true)]
    [InlineData("taken/below", false)]
    [InlineData("taken/below", true)]
    public async Task A_target_that_is_no_folder_is_refused_and_stays_as_it_is(string target, bool dryRun)
    {
        await using var ours = await TestRepository.Create();
        await ours.BackUp(("file", "stored"u8.ToArray()));
        ours.Scratch.Write("taken", "mine");
        await using var tree = await ours.Repository.OpenSnapshot("latest", default);

        var refusal = await Assert.ThrowsAsync<UserFacingException>(() => tree.Restore(new RestoreOptions([], ours.Scratch[target]) { DryRun = dryRun }, null, default));

        Assert.StartsWith($"{ours.Scratch["taken"]} is no folder", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(ours.Scratch["taken"]));
    }

    [Fact]
    public async Task Only_the_blocks_that_differ_are_written_and_what_is_right_is_left_alone()
    {
        await using var ours = await TestRepository.Create();
        var content = Some.Noise(40_000_000);
        Directory.CreateDirectory(ours.Scratch["source"]);
        File.WriteAllBytes(ours.Scratch["source/large"], content);
        ours.Scratch.Write("source/small", "right");
        await ours.BackUpFolder(ours.Scratch["source"]);
        Assert.Equal((2, 0), Files(await Restore(ours, Overwrite.Never)));
        var inodes = await Inodes(ours);

        // A change in the middle, one at the end, and a tail that was not there.
        content[17_000_000] ^= 1;
        File.WriteAllBytes(ours.Scratch["out/source/large"], [.. content, 1, 2, 3]);
        var report = await Restore(ours, Overwrite.IfChanged);

        Assert.Empty(report.Problems);
        Assert.Equal((1, 1), Files(report));
        Assert.InRange(report.Bytes, 1, 9_000_000);
        Assert.Equal(inodes, await Inodes(ours));
        Assert.Equal(await Shell.Listing(ours.Scratch["source"]), await Shell.Listing(ours.Scratch["out/source"]));
        Assert.Equal((0, 2), Files(await Restore(ours, Overwrite.IfChanged)));
    }

    [Theory]
    [InlineData(Overwrite.Never, "mine", "older", "newer", "sneaky", 3)]
    [InlineData(Overwrite.IfNewer, "stored", "stored", "newer", "sneaky", 0)]
    [InlineData(Overwrite.IfChanged, "stored", "stored", "stored", "sneaky", 0)]
    [InlineData(Overwrite.Always, "stored", "stored", "stored", "stored", 0)]
    public async Task Each_rule_for_files_that_exist_means_what_it_means_in_restic(Overwrite rule, string mine, string older, string newer, string sneaky, int problems)
    {
        await using var ours = await TestRepository.Create();
        foreach (var name in new[] { "mine", "older", "newer", "sneaky", "missing" })
        {
            File.SetLastWriteTimeUtc(ours.Scratch.Write("source/" + name, "stored"), DateTime.UnixEpoch.AddDays(100));
        }

        await ours.BackUpFolder(ours.Scratch["source"]);
        foreach (var (name, days) in new[] { ("mine", 99), ("older", 50), ("newer", 200), ("sneaky", 100) })
        {
            // Of the same length and time, so that only its content tells.
            File.SetLastWriteTimeUtc(ours.Scratch.Write("out/source/" + name, name), DateTime.UnixEpoch.AddDays(days));
        }

        var report = await Restore(ours, rule);

        Assert.Equal(problems, report.Problems.Count);
        Assert.Equal([mine, older, newer, sneaky, "stored"], new[] { "mine", "older", "newer", "sneaky", "missing" }.Select(name => File.ReadAllText(ours.Scratch["out/source/" + name])));
    }

    [Fact]
    public async Task Verifying_finds_a_file_that_only_looks_right()
    {
        await using var ours = await TestRepository.Create();
        ours.Scratch.Write("source/file", "stored");
        await ours.BackUpFolder(ours.Scratch["source"]);
        Assert.Empty((await Restore(ours, Overwrite.Never, verify: true)).Problems);
        var time = File.GetLastWriteTimeUtc(ours.Scratch["source/file"]);
        File.SetLastWriteTimeUtc(ours.Scratch.Write("out/source/file", "forged"), time);
        await Shell.Run("touch -r \"$1\" \"$2\"", ours.Scratch["source/file"], ours.Scratch["out/source/file"]);

        Assert.Empty((await Restore(ours, Overwrite.Never)).Problems);
        Assert.Contains("left as it is", Assert.Single((await Restore(ours, Overwrite.Never, verify: true)).Problems), StringComparison.Ordinal);
        Assert.Empty((await Restore(ours, Overwrite.IfChanged, verify: true)).Problems);
        Assert.Equal("stored", File.ReadAllText(ours.Scratch["out/source/file"]));
    }

    [SkippableTheory]
    [InlineData("--include", "*.log")]
    [InlineData("--include", "a/**/keep")]
    [InlineData("--iinclude", "KEEP")]
    [InlineData("--exclude", "*.log")]
    [InlineData("--iexclude", "B")]
    [InlineData("--exclude", "/**/a/*")]
    public async Task Patterns_choose_what_they_choose_in_restic(string option, string pattern)
    {
        Restic.SkipUnlessInstalled();
        await using var ours = await TestRepository.Create();
        foreach (var name in new[] { "a/x.log", "a/keep/y", "a/b/keep/z.log", "a/b/c/x", "b/x.log", "b/B/keep", "top.log", "top" })
        {
            ours.Scratch.Write("source/" + name, name);
        }

        await ours.BackUpFolder(ours.Scratch["source"]);
        await ours.Restic.Run("restore", "latest", "--target", ours.Scratch["theirs"], option, pattern);
        PathPatterns[] patterns = [new([pattern], ignoreCase: option is "--iinclude" or "--iexclude")];
        var options = new RestoreOptions([], ours.Scratch["ours"]);
        await using var tree = await ours.Repository.OpenSnapshot("latest", default);
        var report = await tree.Restore(option.EndsWith("include", StringComparison.Ordinal) ? options with { Include = patterns } : options with { Exclude = patterns }, null, default);

        Assert.Empty(report.Problems);
        Assert.Equal(await FilesBelow(ours.Scratch["theirs"]), await FilesBelow(ours.Scratch["ours"]));
    }

    [Fact]
    public async Task A_dry_run_lists_what_would_be_done_and_does_nothing()
    {
        await using var ours = await TestRepository.Create();
        ours.Scratch.Write("source/changed", "stored");
        ours.Scratch.Write("source/sub/new", "stored");
        ours.Scratch.Write("source/same", "stored");
        await ours.BackUpFolder(ours.Scratch["source"]);
        var nowhere = new List<string>();
        await Restore(ours, Overwrite.Always, delete: true, dryRun: nowhere);
        Assert.False(Directory.Exists(ours.Scratch["out"]));
        Assert.Equal(["Restored /source", "Restored /source/changed", "Restored /source/same", "Restored /source/sub", "Restored /source/sub/new"], nowhere);

        await Shell.Run("mkdir \"$1\" && cp -a \"$2\" \"$1\" && rm -r \"$1/source/sub\" && printf mine > \"$1/source/changed\" && mkdir \"$1/source/old\" && printf x > \"$1/source/old/file\"", ours.Scratch["out"], ours.Scratch["source"]);
        var before = await Shell.Listing(ours.Scratch["out"]);
        var would = new List<string>();
        var report = await Restore(ours, Overwrite.Always, delete: true, dryRun: would);

        Assert.Equal(before, await Shell.Listing(ours.Scratch["out"]));
        Assert.Equal(
            ["Removed /source/old", "Removed /source/old/file", "Restored /source/sub", "Restored /source/sub/new", "Unchanged /source/same", "Updated /source/changed"], would);
        Assert.Equal((2, 2, 1), (report.Files, report.Removed, report.Unchanged));
    }

    [Fact]
    public async Task Deleting_removes_what_the_snapshot_does_not_have_and_no_more()
    {
        await using var ours = await TestRepository.Create();
        ours.Scratch.Write("source/sub/kept", "stored");
        ours.Scratch.Write("source/file", "stored");
        await ours.BackUpFolder(ours.Scratch["source"]);
        ours.Scratch.Write("elsewhere/precious", "mine");
        ours.Scratch.Write("out/beside", "mine");
        ours.Scratch.Write("out/source/sub/extra/deep", "x");
        ours.Scratch.Write("out/source/extra.log", "x");
        ours.Scratch.Write("out/source/logs/a.log", "x");
        ours.Scratch.Write("out/source/logs/b", "x");
        ours.Scratch.Write("out/source/file/inside", "a folder where a file goes");
        File.CreateSymbolicLink(ours.Scratch["out/source/away"], ours.Scratch["elsewhere"]);

        var refused = await Restore(ours, Overwrite.Always);
        Assert.Contains("A folder has its name", Assert.Single(refused.Problems), StringComparison.Ordinal);
        Assert.True(File.Exists(ours.Scratch["out/source/file/inside"]));

        var report = await Restore(ours, Overwrite.Always, delete: true, exclude: "*.log");

        Assert.Empty(report.Problems);
        Assert.Equal("./beside ./source/extra.log ./source/file ./source/logs/a.log ./source/sub/kept", await FilesBelow(ours.Scratch["out"]));
        Assert.Equal("stored", File.ReadAllText(ours.Scratch["out/source/file"]));
        Assert.Equal("mine", File.ReadAllText(ours.Scratch["elsewhere/precious"]));
    }

    [Fact]
    public async Task A_file_that_was_written_out_gets_its_holes_back()
    {
        await using var ours = await TestRepository.Create();
        await Shell.Run("mkdir \"$1\" && cd \"$1\" && printf start > holes && truncate -s 60000000 holes && printf end >> holes", ours.Scratch["source"]);
        await ours.BackUpFolder(ours.Scratch["source"]);
        await Restore(ours, Overwrite.Never);
        await Shell.Run("yes | dd of=\"$1\" bs=1M count=30 seek=10 conv=notrunc iflag=fullblock status=none", ours.Scratch["out/source/holes"]);

        Assert.Empty((await Restore(ours, Overwrite.Always)).Problems);

        Assert.Equal(await Shell.Listing(ours.Scratch["source"]), await Shell.Listing(ours.Scratch["out/source"]));
        Assert.InRange(int.Parse(await Shell.Run("du -k \"$1\" | cut -f1", ours.Scratch["out/source/holes"]), System.Globalization.CultureInfo.InvariantCulture), 0, 9000);
    }

    [Fact]
    public async Task How_far_it_is_ends_at_all_there_is()
    {
        await using var ours = await TestRepository.Create();
        Directory.CreateDirectory(ours.Scratch["source"]);
        File.WriteAllBytes(ours.Scratch["source/large"], Some.Noise(30_000_000));
        ours.Scratch.Write("source/small", "stored");
        await ours.BackUpFolder(ours.Scratch["source"]);
        var watched = new Watched();
        await using var tree = await ours.Repository.OpenSnapshot("latest", default);
        await tree.Restore(new RestoreOptions([], ours.Scratch["out"]), watched, default);
        Assert.Equal((2, 30_000_006), (watched.Last.Files, watched.Last.Bytes));
        Assert.Equal((2, 30_000_006), (watched.Last.TotalFiles, watched.Last.TotalBytes));
    }

    private static (long Written, long Unchanged) Files(RestoreReport report) => (report.Files, report.Unchanged);

    private static Task<string> Inodes(TestRepository ours) => Shell.Run("cd \"$1\" && stat -c '%n %i' *", ours.Scratch["out/source"]);

    private static async Task<string> FilesBelow(string folder) =>
        (await Shell.Run("[ ! -d \"$1\" ] || { cd \"$1\" && find . -type f | LC_ALL=C sort | tr '\\n' ' '; }", folder)).Trim();

    private static async Task<RestoreReport> Restore(
        TestRepository ours, Overwrite overwrite, bool verify = false, bool delete = false, string? exclude = null, List<string>? dryRun = null)
    {
        await using var tree = await ours.Repository.OpenSnapshot("latest", default);
        string[] source = ours.Scratch["source"].Split('/', StringSplitOptions.RemoveEmptyEntries);
        var done = new System.Collections.Concurrent.ConcurrentBag<string>();
        var report = await tree.Restore(
            new RestoreOptions(source, ours.Scratch["out"])
            {
                Overwrite = overwrite, Verify = verify, Delete = delete, DryRun = dryRun is not null, Exclude = exclude is null ? [] : [new PathPatterns([exclude])],
                Each = entry => done.Add($"{entry.Action} {entry.Path[ours.Scratch["out"].Length..]}"),
            },
            null, default);
        dryRun?.AddRange(done.Order(StringComparer.Ordinal));
        return report;
    }

    private sealed class Watched : IProgress<RestoreProgress>
    {
        private readonly Lock gate = new();

        public RestoreProgress Last { get; private set; }

        public void Report(RestoreProgress value)
        {
            lock (gate)
            {
                Last = value.Bytes >= Last.Bytes ? value : Last;
            }
        }
    }
}
