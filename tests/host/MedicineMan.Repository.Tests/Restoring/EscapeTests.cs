using MedicineMan.Repository.Files;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Restoring;
using MedicineMan.Repository.Tests.Fixtures;

namespace MedicineMan.Repository.Tests.Restoring;

/// <summary>Snapshots and folders made to lead a restore elsewhere, and restores by somebody who may not do everything.</summary>
public sealed class EscapeTests
{
    [Theory]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("../../escaped")]
    [InlineData("/escaped")]
    [InlineData("sub/escaped")]
    public async Task A_name_that_leads_elsewhere_is_refused_and_everything_else_is_restored(string name)
    {
        await using var ours = await TestRepository.Create();
        await using var forge = await TreeForge.Open(ours);
        var inner = await forge.File("inner", "content");
        await forge.Commit(
            await forge.File(name, "out"), TreeForge.Link(name, "/etc"), await forge.Folder(name, inner), new TreeNode { Name = name, Type = "fifo" }, await forge.File("good", "content"));
        var before = await Shell.Run("cd \"$1\" && find . -path ./repository -prune -o -print | LC_ALL=C sort", ours.Scratch.Path);

        var report = await Restore(ours, "out/deep");

        Assert.Contains(report.Problems, problem => problem.Contains("leads out of its folder", StringComparison.Ordinal));
        Assert.Equal("content", File.ReadAllText(ours.Scratch["out/deep/good"]));
        Assert.Equal(["good"], Directory.GetFileSystemEntries(ours.Scratch["out/deep"]).Select(Path.GetFileName));
        Directory.Delete(ours.Scratch["out"], recursive: true);
        Assert.Equal(before, await Shell.Run("cd \"$1\" && find . -path ./repository -prune -o -print | LC_ALL=C sort", ours.Scratch.Path));
        Assert.False(File.Exists("/escaped"));
    }

    [Theory]
    [InlineData(Overwrite.Never)]
    [InlineData(Overwrite.Always)]
    public async Task A_link_in_the_snapshot_leads_nothing_of_the_snapshot_elsewhere(Overwrite overwrite)
    {
        await using var ours = await TestRepository.Create();
        await using var forge = await TreeForge.Open(ours);
        Directory.CreateDirectory(ours.Scratch["elsewhere"]);
        var inner = await forge.File("inner", "content");
        await forge.Commit(
            TreeForge.Link("twice", ours.Scratch["elsewhere"]), await forge.Folder("twice", inner), await forge.File("twice", "content"), TreeForge.Link("a", ours.Scratch["elsewhere"] + "/new"),
            (await forge.File("a", "content")) with { Links = 2, Inode = 7 }, (await forge.File("b", "content")) with { Links = 2, Inode = 7 });

        // Twice, since the second time what the first one made is there.
        await Restore(ours, "out", overwrite);
        var report = await Restore(ours, "out", overwrite);

        Assert.Contains(report.Problems, problem => problem.Contains("more than once", StringComparison.Ordinal));
        Assert.Empty(Directory.GetFileSystemEntries(ours.Scratch["elsewhere"]));
        Assert.Equal("content", File.ReadAllText(ours.Scratch["out/b"]));
    }

    [Fact]
    public async Task Links_planted_in_the_target_are_replaced_or_left_and_never_followed()
    {
        await using var ours = await TestRepository.Create();
        ours.Scratch.Write("source/file", "stored");
        ours.Scratch.Write("source/linked", "stored, and longer");
        ours.Scratch.Write("source/sub/file", "stored");
        File.CreateSymbolicLink(ours.Scratch["source/link"], "file");
        await ours.BackUpFolder(ours.Scratch["source"]);
        var precious = ours.Scratch.Write("elsewhere/precious", "mine, and precious to me");
        Directory.CreateDirectory(ours.Scratch["out/source"]);
        File.CreateSymbolicLink(ours.Scratch["out/source/file"], precious);
        File.CreateSymbolicLink(ours.Scratch["out/source/link"], precious);
        File.CreateSymbolicLink(ours.Scratch["out/source/sub"], ours.Scratch["elsewhere"]);
        await Shell.Run("ln \"$1\" \"$2\"", precious, ours.Scratch["out/source/linked"]);
        var before = await Shell.Listing(ours.Scratch["elsewhere"]);

        Assert.Equal(4, (await Restore(ours, "out", Overwrite.Never, ours.Scratch["source"])).Problems.Count);
        Assert.Equal(before, await Shell.Listing(ours.Scratch["elsewhere"]));
        Assert.Empty((await Restore(ours, "out", Overwrite.Always, ours.Scratch["source"])).Problems);

        Assert.Equal(before, await Shell.Listing(ours.Scratch["elsewhere"]));
        Assert.Equal(await Shell.Listing(ours.Scratch["source"]), await Shell.Listing(ours.Scratch["out/source"]));
    }

    [Fact]
    public async Task Whoever_swaps_folders_for_links_during_a_restore_leads_nothing_elsewhere()
    {
        await using var ours = await TestRepository.Create();
        for (var i = 0; i < 150; i++)
        {
            ours.Scratch.Write($"source/sub{i % 5}/file{i}", "stored");
        }

        await ours.BackUpFolder(ours.Scratch["source"]);
        ours.Scratch.Write("elsewhere/precious", "mine");
        await Shell.Run("chmod 700 \"$1\" && chmod 600 \"$1/precious\"", ours.Scratch["elsewhere"]);
        var before = await Shell.Listing(ours.Scratch["elsewhere"]);
        using var stop = new CancellationTokenSource();
        var swapping = Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                await Shell.Run(
                    "cd \"$1\" 2>/dev/null || exit 0; for d in sub0 sub1 sub2 sub3 sub4; do if [ -L $d ]; then rm -f $d; else for f in $d/file1*; do [ ! -f $f ] || ln -sf \"$3/precious\" $f; done; mv $d gone.$2.$d; ln -s \"$3\" $d; fi; done 2>/dev/null; true",
                    ours.Scratch["out/source"], $"{i}", ours.Scratch["elsewhere"]);
            }
        });
        for (var i = 0; i < 8; i++)
        {
            await Restore(ours, "out", Overwrite.Always, ours.Scratch["source"]);
        }

        await stop.CancelAsync();
        await swapping;
        Assert.Equal(before, await Shell.Listing(ours.Scratch["elsewhere"]));
    }

    [SkippableFact]
    public async Task Somebody_without_rights_gets_all_content_and_is_told_what_only_root_can_do()
    {
        Skip.IfNot(Posix.UserId() == 0, "Only root can make what belongs to others, devices and set-user-id.");
        Skip.IfNot(await Shell.Has("setpriv"), "setpriv is not installed (Debian package util-linux).");
        await using var ours = await TestRepository.Create();
        ours.Scratch.Write("source/theirs", "stored");
        ours.Scratch.Write("source/closed/inside", "stored");
        await Shell.Run(
            "cd \"$1\" && chown 12:34 theirs && chmod 6755 theirs && mknod device c 1 3 && ln theirs again && chmod 555 closed && ln -s theirs link && setfattr -n trusted.secret -v x closed/inside 2>/dev/null; true",
            ours.Scratch["source"]);
        await ours.BackUpFolder(ours.Scratch["source"]);
        await Shell.Run("mkdir \"$1/out\" && chmod 755 \"$1\" && chown -R 65534:65534 \"$1/repository\" \"$1/out\"", ours.Scratch.Path);

        string said = "";
        // Again, into what the first one has made and closed; what is missing then comes back.
        for (var i = 0; i < 2; i++)
        {
            using var child = RestoreChild.Start(ours.Folder, ours.Scratch["out"], asNobody: true);
            var complaint = child.StandardError.ReadToEndAsync();
            said = await child.StandardOutput.ReadToEndAsync();
            await child.WaitForExitAsync();
            Assert.True(child.ExitCode == 0, await complaint);
            if (i == 0)
            {
                Assert.Contains("set-user-id", said, StringComparison.Ordinal);
                await Shell.Run("rm -f \"$1/closed/inside\"", (ours.Scratch["out"] + ours.Scratch["source"]));
            }
        }

        var restored = (ours.Scratch["out"] + ours.Scratch["source"]);
        Assert.Contains("device was not restored", said, StringComparison.Ordinal);
        Assert.Equal(
            "./again 755 65534\n./closed 555 65534\n./closed/inside 644 65534\n./link 777 65534\n./theirs 755 65534\n",
            await Shell.Run("cd \"$1\" && find . -mindepth 1 -printf '%p %m %U\\n' | LC_ALL=C sort", restored));
        Assert.Equal("stored", File.ReadAllText(restored + "/closed/inside"));
    }

    private static async Task<RestoreReport> Restore(TestRepository ours, string target, Overwrite overwrite = Overwrite.Never, string path = "")
    {
        await using var tree = await ours.Repository.OpenSnapshot("latest", default);
        return await tree.Restore(new RestoreOptions(path.Split('/', StringSplitOptions.RemoveEmptyEntries), ours.Scratch[target]) { Overwrite = overwrite }, null, default);
    }
}
