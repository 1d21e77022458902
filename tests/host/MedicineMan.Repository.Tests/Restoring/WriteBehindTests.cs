using MedicineMan.Repository.Files;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Testbed;

namespace MedicineMan.Repository.Tests.Restoring;

public sealed class WriteBehindTests
{
    private const int Large = 4 << 20;

    [Theory]
    [InlineData(false)]
    // A file system that can't let go of anything.
    [InlineData(true)]
    public async Task What_is_written_is_there_whether_or_not_the_disk_can_let_go_of_it(bool inMemory)
    {
        await using var scratch = new ScratchFolder();
        var path = inMemory ? Path.Combine("/dev/shm", Path.GetRandomFileName()) : scratch["file"];
        try
        {
            var content = Some.Noise(Large);
            using (var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write))
            {
                var at = 0;
                foreach (var length in (int[])[0, 1, (128 << 10) - 1, 128 << 10, 1_000_003, 5])
                {
                    Posix.WriteBehind(file, content.AsSpan(at, length), at);
                    at += length;
                }

                Posix.WriteBehind(file, content.AsSpan(at), at);
            }

            Assert.Equal(content, await File.ReadAllBytesAsync(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [SkippableFact]
    public async Task A_large_file_does_not_stay_in_the_systems_memory()
    {
        await using var scratch = new ScratchFolder();
        Skip.IfNot(Environment.OSVersion.Version >= new Version(6, 15) && new DriveInfo(scratch.Path).DriveFormat is "ext4" or "xfs", "This system has no way to say so.");
        using (var file = File.OpenHandle(scratch["file"], FileMode.CreateNew, FileAccess.Write))
        {
            for (var at = 0L; at < 8 * Large; at += Large)
            {
                Posix.WriteBehind(file, Some.Noise(Large), at);
            }

            RandomAccess.FlushToDisk(file);
        }

        await Eventually.Holds(
            () => Task.FromResult(long.Parse(Programs.Run(Programs.Require("fincore"), ["--noheadings", "--bytes", "--output", "RES", scratch["file"]]), System.Globalization.CultureInfo.InvariantCulture) < Large),
            seconds: 20);
    }

    [Fact]
    public async Task A_file_that_may_not_be_written_says_so()
    {
        await using var scratch = new ScratchFolder();
        using var file = File.OpenHandle(scratch.Write("file", "as it was"));
        Assert.ThrowsAny<Exception>(() => Posix.WriteBehind(file, new byte[Large], 0));
        Assert.Equal("as it was", await File.ReadAllTextAsync(scratch["file"]));
    }
}
