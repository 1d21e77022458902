using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using MedicineMan.Repository.Restoring;
using MedicineMan.Repository.Tests.Fixtures;

namespace MedicineMan.Repository.Tests.BackingUp;

public sealed class FolderTests
{
    private static readonly string[] OddNames =
        ["plain", "with space", "quote\"s", "back\\slash", "new\nline", "täglich", "日本", "-dash", "tab\tname", "a\u00adsoft", "bell\a", new string('x', 255), "emoji😀", "<&>"];

    [SkippableFact]
    public async Task A_folder_with_odd_names_links_modes_and_times_comes_back_as_it_was_by_either_program()
    {
        Restic.SkipUnlessInstalled();
        await using var scratch = new ScratchFolder();
        await MakeFolder(scratch["source"]);
        await using var ours = await TestRepository.Create();
        var committed = await ours.BackUpFolder(scratch["source"]);
        Assert.Empty(committed.Skipped);

        await ours.Restic.Run("check", "--read-data");
        await ours.Restic.Run("restore", "latest", "--target", scratch["by-restic"]);
        await using var reader = await ours.Repository.OpenSnapshot("latest", default);
        var report = await reader.Restore(new RestoreOptions([], scratch["by-us"]), null, default);

        Assert.Empty(report.Problems);
        var expected = await Shell.Listing(scratch["source"]);
        Assert.Equal(expected, await Shell.Listing(scratch["by-restic"] + scratch["source"]));
        Assert.Equal(expected, await Shell.Listing(scratch["by-us"] + scratch["source"]));
    }

    [SkippableFact]
    public async Task What_restic_wrote_in_several_snapshots_we_list_and_restore()
    {
        Restic.SkipUnlessInstalled();
        await using var scratch = new ScratchFolder();
        await MakeFolder(scratch["source"]);
        var restic = new Restic(scratch["repository"], "secret", scratch["home"]);
        await restic.Run("init", "--repository-version", "2");
        await restic.Run("backup", scratch["source"], "--tag", "first");
        File.WriteAllBytes(Path.Combine(scratch["source"], "rows"), Some.Rows(50_000));
        await restic.Run("backup", scratch["source"], "--tag", "second");

        await using var storage = await TestRepository.OpenStorage(scratch["repository"]);
        using var repository = await TestRepository.Open(storage, "secret");
        var snapshots = await repository.Snapshots(default).ToListAsync();
        await using var reader = await repository.OpenSnapshot(snapshots[1].Id.Prefix, default);
        var report = await reader.Restore(new RestoreOptions(Segments(scratch["source"]), scratch["restored"]), null, default);

        Assert.Equal(["first", "second"], snapshots.SelectMany(snapshot => snapshot.Tags));
        Assert.Empty(report.Problems);
        Assert.Equal(await Shell.Listing(scratch["source"]), await Shell.Listing(scratch["restored"] + "/source"));
    }

    [SkippableFact]
    public async Task A_folder_we_store_and_restic_stores_is_the_same_tree()
    {
        Restic.SkipUnlessInstalled();
        await using var scratch = new ScratchFolder();
        await MakeFolder(scratch["source"]);
        await using var ours = await TestRepository.Create();
        await ours.BackUpFolder(scratch["source"]);

        await ours.Restic.Run("backup", scratch["source"]);

        var ids = await ours.Repository.Snapshots(default).Select(snapshot => snapshot.Id.ToString()).ToListAsync();
        var diff = await ours.Restic.Run(["diff", "--metadata", .. ids]);
        Assert.DoesNotMatch("(?m)^[+T-]+ +/", diff);
        Assert.All(diff.Split('\n').Where(line => line.StartsWith('M')), line => Assert.Matches("/(rows|noise)$", line));
        // A folder of which every file is one block is the same to the letter; but for device numbers, which newer versions of restic leave out as we do.
        Assert.Equal(await Listing(ours.Restic, ids[0], scratch["source"] + "/small"), await Listing(ours.Restic, ids[1], scratch["source"] + "/small"));
    }

    [Fact]
    public async Task Unchanged_files_are_taken_from_the_parent_without_being_read()
    {
        await using var scratch = new ScratchFolder();
        await MakeFolder(scratch["source"]);
        await using var ours = await TestRepository.Create();
        var first = await ours.BackUpFolder(scratch["source"]);

        File.WriteAllText(Path.Combine(scratch["source"], "plain"), "changed");
        var second = await ours.BackUpFolder(scratch["source"], first.Id);

        Assert.Equal(second.Statistics.Files - 1, second.Statistics.FilesUnchanged);
        Assert.Equal("changed", Encoding.UTF8.GetString(await ours.Read(second.Id, scratch["source"] + "/plain")));
        Assert.Equal(await ours.Read(first.Id, scratch["source"] + "/rows"), await ours.Read(second.Id, scratch["source"] + "/rows"));
    }

    [Fact]
    public async Task A_restore_leaves_existing_files_alone_and_says_so()
    {
        await using var scratch = new ScratchFolder();
        scratch.Write("source/file", "stored");
        await using var ours = await TestRepository.Create();
        await ours.BackUpFolder(scratch["source"]);
        scratch.Write("target/source/file", "mine");

        await using var reader = await ours.Repository.OpenSnapshot("latest", default);
        var kept = await reader.Restore(new RestoreOptions(Segments(scratch["source"]), scratch["target"]), null, default);
        Assert.Contains("exists and was left", Assert.Single(kept.Problems), StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(scratch["target/source/file"]));

        var replaced = await reader.Restore(new RestoreOptions(Segments(scratch["source"]), scratch["target"]) { Overwrite = Overwrite.Always }, null, default);
        Assert.Empty(replaced.Problems);
        Assert.Equal("stored", File.ReadAllText(scratch["target/source/file"]));
    }

    [Fact]
    public async Task A_symlink_where_a_folder_goes_is_not_followed_on_restore()
    {
        await using var scratch = new ScratchFolder();
        scratch.Write("source/sub/file", "stored");
        Directory.CreateDirectory(scratch["elsewhere"]);
        Directory.CreateDirectory(scratch["target/source"]);
        File.CreateSymbolicLink(scratch["target/source/sub"], scratch["elsewhere"]);
        await using var ours = await TestRepository.Create();
        await ours.BackUpFolder(scratch["source"]);

        await using var reader = await ours.Repository.OpenSnapshot("latest", default);
        var report = await reader.Restore(new RestoreOptions(Segments(scratch["source"]), scratch["target"]), null, default);

        Assert.NotEmpty(report.Problems);
        Assert.Empty(Directory.GetFileSystemEntries(scratch["elsewhere"]));
    }

    [Fact]
    public async Task A_link_to_a_name_that_is_not_UTF8_comes_back_as_it_was()
    {
        await using var scratch = new ScratchFolder();
        scratch.Write("source/file", "content");
        await Shell.Run("ln -s \"to$(printf '\\376')there\" \"$1/link\"", scratch["source"]);
        await using var ours = await TestRepository.Create();
        await ours.BackUpFolder(scratch["source"]);

        await using var reader = await ours.Repository.OpenSnapshot("latest", default);
        await reader.Restore(new RestoreOptions(Segments(scratch["source"]), scratch["target"]), null, default);

        Assert.Equal(await Shell.Listing(scratch["source"]), await Shell.Listing(scratch["target/source"]));
    }

    private static async Task<string> Listing(Restic restic, string snapshot, string folder)
    {
        var tree = JsonDocument.Parse(await restic.Run("cat", "snapshot", snapshot)).RootElement.GetProperty("tree").GetString()!;
        foreach (var name in Segments(folder))
        {
            var nodes = JsonDocument.Parse(await restic.Run("cat", "blob", tree)).RootElement.GetProperty("nodes").EnumerateArray();
            tree = nodes.Single(node => node.GetProperty("name").GetString() == name).GetProperty("subtree").GetString()!;
        }

        return Regex.Replace(await restic.Run("cat", "blob", tree), "\"device_id\":[0-9]+,", "");
    }

    private static string[] Segments(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);

    private static async Task MakeFolder(string path)
    {
        Directory.CreateDirectory(Path.Combine(path, "sub/deeper"));
        Directory.CreateDirectory(Path.Combine(path, "empty folder"));
        Directory.CreateDirectory(Path.Combine(path, "small"));
        foreach (var name in OddNames)
        {
            File.WriteAllText(Path.Combine(path, name), name);
            File.WriteAllText(Path.Combine(path, "small", name), name);
        }

        File.WriteAllBytes(Path.Combine(path, "rows"), Some.Rows(40_000));
        File.WriteAllBytes(Path.Combine(path, "sub/noise"), Some.Noise(9_000_000));
        File.WriteAllBytes(Path.Combine(path, "sub/deeper/empty"), []);
        File.CreateSymbolicLink(Path.Combine(path, "link"), "sub/noise");
        File.CreateSymbolicLink(Path.Combine(path, "dangling"), "/no/such/\"place\"");
        // A name that is not UTF-8 can't be made through a .NET string.
        await Shell.Run("printf stray > \"$1/stray$(printf '\\377\\303')name\"; mkfifo \"$1/pipe\"; chmod 4401 \"$1/sub/noise\"; touch -d '2001-02-03 04:05:06.123456789' \"$1/sub/noise\" \"$1/sub\"", path);
    }
}
