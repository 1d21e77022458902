using System.Net.Sockets;
using MedicineMan.Repository.Files;
using MedicineMan.Repository.Patterns;
using MedicineMan.Repository.Sources;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Tests.BackingUp;

/// <summary>What of folders is taken in is what restic takes in.</summary>
public sealed class SourceTests
{
    public static TheoryData<string, string[]> Choices { get; } = new()
    {
        { "nothing", [] },
        { "patterns", ["--exclude=*.log", "--exclude=!keep.log", "--iexclude=CACHE", "--exclude=deep/**/x"] },
        { "marker", ["--exclude-if-present=.nobackup"] },
        { "marker with header", ["--exclude-if-present=.nobackup:skip this", "--exclude-if-present=other"] },
        { "caches", ["--exclude-caches"] },
        { "size", ["--exclude-larger-than=2K"] },
    };

    [SkippableTheory]
    [MemberData(nameof(Choices))]
    public async Task What_is_left_out_is_what_restic_leaves_out(string choice, string[] flags)
    {
        Restic.SkipUnlessInstalled();
        await using var ours = await TestRepository.Create();
        var source = ours.Scratch["source"];
        foreach (var name in new[] { "a.log", "keep.log", "cache/x", "Cache/y", "deep/1/2/x/file", "deep/x", "tagged/sub/file", "tagged/file", "headed/file", "cached/file", "uncached/file", "nested/tagged/more/file" })
        {
            ours.Scratch.Write("source/" + name, name);
        }

        ours.Scratch.Write("source/tagged/.nobackup", "");
        ours.Scratch.Write("source/headed/.nobackup", "skip this folder");
        ours.Scratch.Write("source/nested/tagged/.nobackup", "skip");
        ours.Scratch.Write("source/cached/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n# made by a test");
        ours.Scratch.Write("source/uncached/CACHEDIR.TAG", "Signature: 8a47");
        File.WriteAllBytes(ours.Scratch["source/large"], Some.Noise(2049));
        File.WriteAllBytes(ours.Scratch["source/fits"], Some.Noise(2048));
        await Shell.Run("mkfifo \"$1/pipe\" && ln -s large \"$1/link\"", source);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(source + "/socket"));

        await ours.Restic.Run(["backup", source, .. flags]);
        var committed = await BackUp(ours, Parse(flags), source);

        var snapshots = await ours.Repository.Snapshots(default).ToListAsync();
        Assert.Equal(await List(ours, snapshots[0].Id), await List(ours, committed.Id));
        Assert.Empty(committed.Skipped);
        // What does not count as a marker is said to whoever relies on it.
        Assert.Equal(choice is "marker with header" ? 2 : choice is "caches" ? 1 : 0, committed.Remarks.Count);
    }

    [SkippableFact]
    public async Task Other_file_systems_are_left_empty_as_by_restic()
    {
        Restic.SkipUnlessInstalled();
        Skip.IfNot(Directory.Exists("/dev/pts") && Posix.Facts("/dev").Device != Posix.Facts("/dev/pts").Device, "No file system is mounted below /dev.");
        await using var ours = await TestRepository.Create();
        await ours.Restic.Run("backup", "/dev", "--one-file-system");
        var committed = await BackUp(ours, new SourceOptions { OneFileSystem = true }, "/dev");
        var list = await List(ours, committed.Id);
        Assert.Equal(await List(ours, (await ours.Repository.Snapshots(default).FirstAsync()).Id), list);
        Assert.Contains("/dev/pts", list);
        Assert.DoesNotContain(list, path => path.StartsWith("/dev/pts/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Sources_within_each_other_are_taken_once_and_what_is_named_is_never_left_out()
    {
        await using var ours = await TestRepository.Create();
        var source = ours.Scratch["source"];
        foreach (var name in new[] { "cache/wanted/file", "cache/other", "tagged/file", "tagged/.no", "plain" })
        {
            ours.Scratch.Write("source/" + name, name);
        }

        var sources = SourcePaths.Find([source + "/cache/wanted/", source, source + "/./tagged/file", source + "/plain", source]);
        Assert.Equal(4, sources.Present.Count);
        var options = new SourceOptions { Excludes = [new PathPatterns(["cache", "plain"])], ExcludeIfPresent = [".no"], ExcludeLargerThan = 3 };
        var committed = await BackUp(ours, options, [.. sources.Present]);

        var below = (await Files(ours, committed.Id)).Where(path => path.StartsWith(source, StringComparison.Ordinal)).Select(path => path[source.Length..]);
        // Below what is named, everything is asked about again: by its path it is left out.
        Assert.Equal(["", "/cache", "/cache/wanted", "/plain", "/tagged", "/tagged/file"], below.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Sources_that_are_missing_are_named_and_without_any_nothing_happens()
    {
        await using var ours = await TestRepository.Create();
        var there = ours.Scratch.Write("there", "content");
        var found = SourcePaths.Find([ours.Scratch["none"], there, there + "/below"]);
        Assert.Equal([there], found.Present);
        Assert.Equal(2, found.Missing.Count);
        Assert.All(found.Missing, sentence => Assert.Contains(ours.Scratch.Path, sentence, StringComparison.Ordinal));
        Assert.Contains("nothing to back up", Assert.Throws<UserFacingException>(() => SourcePaths.Find([ours.Scratch["none"], ours.Scratch["neither"]])).Message, StringComparison.Ordinal);
        Assert.Contains("zero byte", Assert.Throws<UserFacingException>(() => SourcePaths.Find(["a\0b"])).Message, StringComparison.Ordinal);

        // Gone in the moment between.
        var among = await BackUp(ours, new SourceOptions(), there, ours.Scratch["none"]);
        Assert.Contains(ours.Scratch["none"], Assert.Single(among.Skipped), StringComparison.Ordinal);
        await ours.Storage.DeleteAsync("snapshots/" + among.Id, default);
        await Assert.ThrowsAsync<UserFacingException>(() => BackUp(ours, new SourceOptions(), ours.Scratch["none"]));
        await Assert.ThrowsAsync<UserFacingException>(() => BackUp(ours, new SourceOptions { ExcludeIfPresent = [":header"] }, there));
        Assert.Empty(await ours.Repository.Snapshots(default).ToListAsync());
        Assert.Empty(Directory.GetFiles(ours.Folder + "/locks"));
    }

    [Fact]
    public async Task Thousands_of_files_named_one_by_one_are_found_in_their_parent()
    {
        await using var ours = await TestRepository.Create();
        string[] names = [.. Enumerable.Range(0, 1500).Select(i => $"source/{(i % 3 == 0 ? "a" : i % 3 == 1 ? "a-b" : "a/b")}/{i}")];
        string[] paths = [.. names.Select(name => ours.Scratch.Write(name, name))];
        var first = await BackUp(ours, new SourceOptions(), paths);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(ours.Scratch["socket"]));

        // Looking through the parent's folder again for each of them would take minutes.
        var second = await Run(ours, TestRepository.Options(paths) with { Parent = first.Id }, [.. paths, ours.Scratch["socket"], ours.Scratch["none"]], default);

        Assert.Equal((1500, 1500), (second.Statistics.Files, second.Statistics.FilesUnchanged));
        Assert.Equal(2, second.Skipped.Count);
        Assert.Equal(names[1234], System.Text.Encoding.UTF8.GetString(await ours.Read(second.Id, paths[1234])));
    }

    [SkippableFact]
    public async Task A_folder_in_which_everything_changes_all_the_time_is_stored_whole_each_time()
    {
        Restic.SkipUnlessInstalled();
        await using var ours = await TestRepository.Create();
        var source = ours.Scratch["source"];
        Directory.CreateDirectory(source);
        File.WriteAllBytes(ours.Scratch["source/still"], Some.Noise(400_000));
        // Grows, shrinks, vanishes, and turns into a pipe, which nobody writes to, a folder, and a link.
        const string Unrest = """
            cd "$1"
            while [ ! -e "$1/../stop" ]; do
              for n in 1 2 3 4 5 6; do
                head -c 300000 /dev/zero >> grows$n; head -c 200000 /dev/urandom > shrinks$n; : > shrinks$n
                printf x > turns$n; rm -f turns$n; mkfifo turns$n; rm -f turns$n; mkdir turns$n; printf y > turns$n/file; rm -r turns$n; ln -s still turns$n; rm -f turns$n
                [ -e "$1/../stop" ] && break
              done
              rm -f grows*
            done
            """;
        var unrest = Shell.Run(Unrest, source);
        CommittedSnapshot? last = null;
        for (var round = 0; round < 6; round++)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            last = await Run(ours, TestRepository.Options(source) with { Parent = last?.Id }, [source], patience.Token);
        }

        File.WriteAllText(ours.Scratch["stop"], "");
        await unrest;
        last = await Run(ours, TestRepository.Options(source) with { Parent = last?.Id }, [source], default);
        Assert.Empty(last.Skipped);
        await ours.Restic.Run("check", "--read-data");
        await ours.Restic.Run("restore", last.Id.ToString(), "--target", ours.Scratch["out"]);
        Assert.Equal(await Shell.Listing(source), await Shell.Listing(ours.Scratch["out"] + source));
    }

    [Fact]
    public async Task A_pipe_that_took_a_files_place_is_neither_waited_for_nor_taken_for_the_file()
    {
        await using var scratch = new ScratchFolder();
        await Shell.Run("mkfifo \"$1\"", scratch["pipe"]);
        using var pipe = Posix.OpenToRead(scratch["pipe"]);
        Assert.Null(Posix.LengthOfFile(pipe, scratch["pipe"]));
        using var file = Posix.OpenToRead(scratch.Write("file", "content"));
        Assert.Equal(7, Posix.LengthOfFile(file, scratch["file"]));
    }

    // Some file systems give less than was asked for, and some files are longer than they say.
    [Theory]
    [InlineData(7, 7)]
    [InlineData(0, 7)]
    [InlineData(3, 7)]
    [InlineData(9, 7)]
    public async Task A_file_is_read_to_its_end_whatever_length_it_was_said_to_have(int expected, int length)
    {
        await using var scratch = new ScratchFolder();
        using var file = Posix.OpenToRead(scratch.Write("file", "content"));
        var buffer = new byte[20];
        Assert.Equal(length, Posix.ReadAll(file, buffer, expected));
        Assert.Equal("content"u8, buffer.AsSpan(0, length));
    }

    [Fact]
    public async Task Patterns_of_paths_stand_for_what_is_there()
    {
        await using var scratch = new ScratchFolder();
        foreach (var name in new[] { "a/one.txt", "a/.two.txt", "b/one.txt", "b/[x]/three" })
        {
            scratch.Write(name, "");
        }

        await Shell.Run("touch \"$1/a/$(printf 'b\\377')\"", scratch.Path);
        Assert.Equal([scratch["a/.two.txt"], scratch["a/one.txt"]], PathGlob.Find(scratch["a/*.txt"]));
        Assert.Equal([scratch["a/one.txt"], scratch["b/one.txt"]], PathGlob.Find(scratch["?/one.txt"]));
        Assert.Equal([scratch["b/[x]/three"]], PathGlob.Find(scratch["*/\\[x\\]/three"]));
        Assert.Equal([scratch["a/b\uDCFF"]], PathGlob.Find(scratch["a/b?"]));
        Assert.Equal([scratch["none"]], PathGlob.Find(scratch["none"]));
        Assert.Empty(PathGlob.Find(scratch["none*/x"]));
        Assert.Throws<UserFacingException>(() => PathGlob.Find(scratch["[a"]));
    }

    private static SourceOptions Parse(string[] flags)
    {
        IEnumerable<string> Of(string name) => flags.Where(flag => flag.StartsWith(name + "=", StringComparison.Ordinal)).Select(flag => flag[(name.Length + 1)..]);
        return new SourceOptions
        {
            Excludes = [new PathPatterns(Of("--exclude")), new PathPatterns(Of("--iexclude"), ignoreCase: true)],
            ExcludeIfPresent = [.. Of("--exclude-if-present"), .. flags.Contains("--exclude-caches") ? [SourceOptions.CacheMarker] : (string[])[]],
            ExcludeLargerThan = Of("--exclude-larger-than").Any() ? 2048 : null,
        };
    }

    private static async Task<List<string>> Files(TestRepository ours, ObjectId snapshot) => [.. (await List(ours, snapshot)).Where(path => path.StartsWith('/'))];

    private static async Task<string[]> List(TestRepository ours, ObjectId snapshot)
    {
        var found = await ours.Repository.View.Find(new Looking.FindOptions { Patterns = ["/"] }, new Retention.SnapshotFilter(), default)
            .Where(hit => hit.Snapshot.Id == snapshot).Select(hit => hit.Path).ToListAsync();
        return [.. found.Order(StringComparer.Ordinal)];
    }

    private static Task<CommittedSnapshot> BackUp(TestRepository ours, SourceOptions sources, params string[] paths) =>
        Run(ours, TestRepository.Options(paths) with { Sources = sources }, paths, default);

    private static async Task<CommittedSnapshot> Run(TestRepository ours, SnapshotOptions options, string[] paths, CancellationToken cancel)
    {
        await using var session = await ours.Repository.BeginSnapshot(options, cancel);
        var size = session.Measure(paths, cancel);
        await session.AddSources(paths, cancel);
        await size;
        return await session.Commit(cancel);
    }
}
