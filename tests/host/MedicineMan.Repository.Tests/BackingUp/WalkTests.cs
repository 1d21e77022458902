using System.Text;
using MedicineMan.Repository.Files;
using MedicineMan.Repository.Patterns;
using MedicineMan.Repository.Sources;
using MedicineMan.Repository.Tests.Fixtures;

namespace MedicineMan.Repository.Tests.BackingUp;

/// <summary>Folders are held open while they are walked.</summary>
public sealed class WalkTests
{
    [Fact]
    public async Task A_link_that_takes_a_folders_place_while_it_is_walked_leads_nowhere()
    {
        await using var ours = await TestRepository.Create();
        var source = ours.Scratch["source"];
        foreach (var name in new[] { "", "sub/" })
        {
            ours.Scratch.Write($"source/walked/{name}a", "");
            ours.Scratch.Write($"source/walked/{name}file", "mine");
            ours.Scratch.Write($"elsewhere/{name}file", "theirs");
        }

        // The first entry is left out, and told of, after the folder was listed and before anything else in it is looked at.
        var sources = new SourceOptions { Excludes = [new PathPatterns(["a"])], Each = Swap };
        var committed = await BackUp(ours, sources, source);

        Assert.True(Directory.Exists(ours.Scratch["aside"]));
        Assert.Empty(committed.Skipped);
        Assert.Equal("mine", Encoding.UTF8.GetString(await ours.Read(committed.Id, source + "/walked/file")));
        Assert.Equal("mine", Encoding.UTF8.GetString(await ours.Read(committed.Id, source + "/walked/sub/file")));

        void Swap(SourceItem item)
        {
            if (item.Path == source + "/walked/a")
            {
                Directory.Move(ours.Scratch["source/walked"], ours.Scratch["aside"]);
                File.CreateSymbolicLink(ours.Scratch["source/walked"], ours.Scratch["elsewhere"]);
            }
        }
    }

    [Fact]
    public async Task Folders_deep_in_each_other_are_stored_and_none_stays_open()
    {
        await using var ours = await TestRepository.Create();
        var folder = "source" + string.Concat(Enumerable.Repeat("/d", 300));
        ours.Scratch.Write(folder + "/file", "deep");
        ours.Scratch.Write("source/d/d/file", "less deep");

        var committed = await BackUp(ours, new SourceOptions(), ours.Scratch["source"]);

        Assert.Empty(committed.Skipped);
        Assert.Equal("deep", Encoding.UTF8.GetString(await ours.Read(committed.Id, $"{ours.Scratch[folder]}/file")));
        Assert.Empty(Open(ours));

        var sources = new SourceOptions { Excludes = [new PathPatterns(["file"])], Each = _ => throw new InvalidOperationException("broken off") };
        await Assert.ThrowsAsync<InvalidOperationException>(() => BackUp(ours, sources, ours.Scratch["source"]));
        Assert.Empty(Open(ours));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_read_to_its_end_is_not_taken_for_one_that_has_ended()
    {
        await using var scratch = new ScratchFolder();
        using var noFolder = Posix.OpenToRead(scratch.Write("file", "content"));
        Assert.Empty(Posix.Names(noFolder, scratch["file"], out var failure));
        Assert.Contains(scratch["file"], failure!.Message, StringComparison.Ordinal);

        // One that was removed has ended.
        using var gone = Posix.Open(Posix.CurrentFolder, Directory.CreateDirectory(scratch["gone"]).FullName, OpenFlags.Read | OpenFlags.Directory, 0, "");
        Directory.Delete(scratch["gone"]);
        Assert.Empty(Posix.Names(gone, scratch["gone"], out failure));
        Assert.Null(failure);
    }

    private static List<string> Open(TestRepository ours) =>
    [
        .. from handle in new DirectoryInfo("/proc/self/fd").EnumerateFileSystemInfos()
           where handle.LinkTarget?.StartsWith(ours.Scratch["source"], StringComparison.Ordinal) == true
           select handle.LinkTarget
    ];

    private static async Task<CommittedSnapshot> BackUp(TestRepository ours, SourceOptions sources, string path)
    {
        await using var session = await ours.Repository.BeginSnapshot(TestRepository.Options(path) with { Sources = sources }, default);
        await session.AddSources([path], default);
        return await session.Commit(default);
    }
}
