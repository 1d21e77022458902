using System.IO.Pipes;
using System.Reflection;
using MedicineMan.Sdk.Storage;
using MedicineMan.Testbed;
using Microsoft.Win32.SafeHandles;

namespace MedicineMan.Sdk.Tests;

public sealed class DurableFilesTests : IDisposable
{
    private const int BadFile = 9;

    private readonly TemporaryFolder folder = new("durable");

    public void Dispose() => folder.Dispose();

    /// <summary>By the way for disks that know hard links, the one for those that do not, and the one for those that can do neither.</summary>
    [Theory]
    [InlineData("TryName")]
    [InlineData("TryRename")]
    [InlineData("TryMove")]
    public async Task Of_many_who_want_a_name_one_gets_it(string way)
    {
        var take = typeof(DurableFiles).GetMethod(way, BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static)!.CreateDelegate<Func<string, string, bool>>();
        for (var i = 0; i < 40; i++)
        {
            var target = folder[$"target-{i}"];
            var mine = Enumerable.Range(0, 8).Select(writer => $"{target}-{writer}").ToList();
            mine.ForEach(name => File.WriteAllText(name, name));

            var won = await Task.WhenAll(mine.Select(name => Task.Run(() => take(name, target))));

            Assert.Single(won, true);
            Assert.Equal(mine[Array.IndexOf(won, true)], await File.ReadAllTextAsync(target));
        }

        Assert.ThrowsAny<IOException>(() => take(folder["none"], folder["target"]));
    }

    [Fact]
    public void A_disk_that_did_not_take_what_was_written_says_so()
    {
        using var file = File.OpenHandle(folder["file"], FileMode.CreateNew, FileAccess.Write);
        DurableFiles.Flush(file);

        using var none = new SafeFileHandle(1_000_000, ownsHandle: false);
        Assert.Equal(BadFile, Assert.Throws<IOException>(() => DurableFiles.Flush(none)).HResult);
        Assert.Throws<IOException>(() => DurableFiles.FlushFolder(folder["none"]));
    }

    [Fact]
    public void What_cannot_be_asked_to_flush_is_not_asked()
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        using var file = new SafeFileHandle(pipe.SafePipeHandle.DangerousGetHandle(), ownsHandle: false);
        DurableFiles.Flush(file);
    }

    [Fact]
    public void Folders_that_are_made_are_their_owners_alone()
    {
        DurableFiles.CreateFolder(folder["a/b/c"]);
        DurableFiles.CreateFolder(folder["a/b"]);

        Assert.All(["a", "a/b", "a/b/c"], name => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder[name])));
        File.WriteAllText(folder["file"], "");
        Assert.ThrowsAny<IOException>(() => DurableFiles.CreateFolder(folder["file/d"]));
    }
}
