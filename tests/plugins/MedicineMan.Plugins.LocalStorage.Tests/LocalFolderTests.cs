using System.Buffers;
using System.Diagnostics;
using System.Text.Json;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Storage;
using MedicineMan.Sdk.Testing.Storage;
using MedicineMan.Testbed;

namespace MedicineMan.Plugins.LocalStorage.Tests;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class LocalFolderTests : StorageContract, IDisposable
{
    private const string Key = "data/ab/abcd";

    private readonly string folder = Directory.CreateTempSubdirectory("medicineman-").FullName;

    private string Root => Path.Combine(folder, "repository");

    protected override ValueTask<IStorageBackend> OpenEmptyAsync() => Open(Root);

    [Fact]
    public async Task Nobody_but_the_owner_can_read_what_is_written()
    {
        await using var storage = await Open(Root);
        await Put(storage, Key, 10);

        foreach (var entry in Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories))
        {
            const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
                | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
            Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(entry) & others);
        }
    }

    [SkippableFact]
    public async Task What_is_stored_does_not_stay_in_the_systems_memory_and_comes_back_from_the_disk()
    {
        Skip.If(new DriveInfo(folder).DriveFormat == "tmpfs", "Files of this folder have no other place than memory.");
        await using var storage = await Open(Root);
        await Put(storage, Key, 4 << 20);

        Assert.Equal("0", Programs.Run(Programs.Require("fincore"), ["--noheadings", "--bytes", "--output", "RES", Path.Combine(Root, Key)]).Trim());
        var back = new byte[4 << 20];
        await storage.ReadAsync(Key, 0, back, default);
        Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(Root, Key)), back);
    }

    [Fact]
    public async Task A_disk_that_is_not_mounted_is_not_written_beside()
    {
        await using var storage = await Open(Path.Combine(folder, "not-mounted", "repository"));
        var failure = await Assert.ThrowsAsync<StorageException>(() => Put(storage, Key, 10));
        Assert.Contains("does not exist. Mount the disk", failure.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_full_disk_is_a_sentence_and_leaves_no_part_of_an_object()
    {
        await WithDisk("size=2m", async storage =>
        {
            await Put(storage, "data/aa/small", 1_000_000);
            var failure = await Assert.ThrowsAsync<StorageException>(() => Put(storage, Key, 5_000_000));
            Assert.Contains("the disk is full", failure.Message, StringComparison.Ordinal);
            Assert.False(failure.Transient);
            Assert.Equal("data/aa/small", Assert.Single(await storage.ListAsync("", default).ToListAsync()).Key);
            await Put(storage, "data/aa/another", 500_000);
        });
    }

    [SkippableFact]
    public async Task A_disk_mounted_read_only_is_a_sentence()
    {
        await WithDisk("ro", async storage =>
        {
            var failure = await Assert.ThrowsAsync<StorageException>(() => Put(storage, Key, 10));
            Assert.Contains("mounted read-only", failure.Message, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"path": ""}""")]
    [InlineData("""{"path": "relative/folder"}""")]
    [InlineData("""{"path": 5}""")]
    [InlineData("""[]""")]
    public async Task A_setting_that_is_no_absolute_path_is_refused(string settings)
    {
        var refused = await Assert.ThrowsAsync<UserFacingException>(async () => await new LocalStorageProvider().OpenAsync(JsonDocument.Parse(settings).RootElement, default));
        Assert.Contains("absolute path", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Leftovers_of_a_crash_are_swept_and_fresh_ones_are_not()
    {
        Directory.CreateDirectory(Path.Combine(Root, "tmp"));
        var old = Path.Combine(Root, "tmp", "old");
        var fresh = Path.Combine(Root, "tmp", "fresh");
        await File.WriteAllTextAsync(old, "");
        await File.WriteAllTextAsync(fresh, "");
        File.SetLastWriteTimeUtc(old, TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-2));

        await using var storage = await Open(Root);
        await Put(storage, Key, 10);

        Assert.False(File.Exists(old));
        Assert.True(File.Exists(fresh));
        Assert.Equal(Key, Assert.Single(await storage.ListAsync("", default).ToListAsync()).Key);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static ValueTask<IStorageBackend> Open(string path) =>
        new LocalStorageProvider().OpenAsync(JsonSerializer.SerializeToElement(new { path }), default);

    private static Task<bool> Put(IStorageBackend storage, string key, int length) =>
        storage.PutAsync(key, new ReadOnlySequence<byte>(new byte[length]), default);

    private async Task WithDisk(string options, Func<IStorageBackend, Task> test)
    {
        var mount = Path.Combine(folder, "mount");
        Directory.CreateDirectory(mount);
        Skip.IfNot(await Run("mount", "-t", "tmpfs", "-o", options, "tmpfs", mount) == 0, "This user may not mount a small disk.");
        try
        {
            await using var storage = await Open(mount);
            await test(storage);
        }
        finally
        {
            await Run("umount", mount);
        }
    }

    private static async Task<int> Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true };
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
