using MedicineMan.Sdk.Storage;
using MedicineMan.Sdk.Testing.Storage;
using MedicineMan.Testbed;

namespace MedicineMan.Plugins.Sftp.Tests;

/// What every storage must do, over SFTP.
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class SftpFolderTests(SftpServer server) : StorageContract, IClassFixture<SftpServer>
{
    private const string Key = "data/ab/abcd";

    protected override ValueTask<IStorageBackend> OpenEmptyAsync() => server.Open(server.NewFolder());

    [Fact]
    public async Task Nobody_but_the_owner_can_read_what_is_written()
    {
        var root = server.NewFolder();
        await using var storage = await server.Open(root);
        await SftpServer.Put(storage, Key, 10);

        foreach (var entry in Directory.EnumerateFileSystemEntries(root, "*", SearchOption.AllDirectories).Append(root))
        {
            const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
                | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
            Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(entry) & others);
        }

        Assert.Empty(Directory.EnumerateFiles(Path.Combine(root, "tmp")));
    }

    [Fact]
    public async Task A_disk_that_is_not_mounted_is_not_written_beside()
    {
        await using var storage = await server.Open(server.NewFolder() + "/not-mounted/repository");
        var failure = await Assert.ThrowsAsync<StorageException>(() => SftpServer.Put(storage, Key, 10));
        Assert.Contains("not-mounted does not exist on the server. Mount the disk", failure.Message, StringComparison.Ordinal);
        Assert.False(failure.Transient);
    }

    [SkippableFact]
    public async Task A_full_disk_is_a_sentence_and_leaves_no_part_of_an_object()
    {
        await WithDisk("size=2m", async storage =>
        {
            await SftpServer.Put(storage, "data/aa/small", 1_000_000);
            var failure = await Assert.ThrowsAsync<StorageException>(() => SftpServer.Put(storage, Key, 5_000_000));
            Assert.Contains("the disk is full", failure.Message, StringComparison.Ordinal);
            Assert.False(failure.Transient);
            Assert.Equal("data/aa/small", Assert.Single(await storage.ListAsync("", default).ToListAsync()).Key);
            await SftpServer.Put(storage, "data/aa/another", 500_000);
        });
    }

    [SkippableFact]
    public async Task A_disk_mounted_read_only_is_a_sentence()
    {
        await WithDisk("ro", async storage =>
        {
            var failure = await Assert.ThrowsAsync<StorageException>(() => SftpServer.Put(storage, Key, 10));
            Assert.Contains("mounted read-only", failure.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Leftovers_of_a_crash_are_swept_and_fresh_ones_are_not()
    {
        var root = server.NewFolder();
        Directory.CreateDirectory(Path.Combine(root, "tmp"));
        var old = Path.Combine(root, "tmp", "old");
        var fresh = Path.Combine(root, "tmp", "fresh");
        await File.WriteAllTextAsync(old, "");
        await File.WriteAllTextAsync(fresh, "");
        File.SetLastWriteTimeUtc(old, TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-2));

        await using var storage = await server.Open(root);
        await SftpServer.Put(storage, Key, 10);

        Assert.False(File.Exists(old));
        Assert.True(File.Exists(fresh));
        Assert.Equal(Key, Assert.Single(await storage.ListAsync("", default).ToListAsync()).Key);
    }

    [Fact]
    public async Task Many_calls_at_once_share_one_connection()
    {
        await using var storage = await OpenEmptyAsync();
        var before = Connections();
        await Task.WhenAll(Enumerable.Range(0, 40).Select(async at =>
        {
            var key = $"data/{at % 7:x2}/{at:x4}";
            Assert.True(await SftpServer.Put(storage, key, 100_000 + at));
            var read = new byte[100_000 + at];
            await storage.ReadAsync(key, 0, read, default);
            Assert.Equal(SftpServer.Content(100_000 + at).FirstSpan, read);
        }));

        Assert.Equal(40, await storage.ListAsync("data/", default).CountAsync());
        Assert.Equal(before + 1, Connections());
    }

    [Fact]
    public async Task OpenSSH_opens_a_folder_as_a_file_and_flushes_its_names()
    {
        var root = Directory.CreateDirectory(server.NewFolder()).FullName;
        await using var connection = await server.Connect(root);
        await connection.Use(async calls =>
        {
            Assert.True(calls.Flushes && calls.Links);
            await calls.Flush(await calls.OpenToRead(root, default), default);
            return true;
        }, default);
    }

    [Fact]
    public async Task A_link_in_the_folder_is_neither_listed_nor_followed()
    {
        var root = server.NewFolder();
        await using var storage = await server.Open(root);
        await SftpServer.Put(storage, Key, 10);
        File.CreateSymbolicLink(Path.Combine(root, "data", "link"), "/etc/passwd");
        Directory.CreateSymbolicLink(Path.Combine(root, "data", "round"), root);

        Assert.Equal(Key, Assert.Single(await storage.ListAsync("", default).ToListAsync()).Key);
    }

    private int Connections() => server.Ssh.Log.Split("Accepted publickey").Length;

    private async Task WithDisk(string options, Func<IStorageBackend, Task> test)
    {
        var mount = Directory.CreateDirectory(server.NewFolder()).FullName;
        Skip.IfNot(Programs.TryRun("/bin/mount", ["-t", "tmpfs", "-o", options, "tmpfs", mount]).Code == 0, "This user may not mount a small disk.");
        try
        {
            await using var storage = await server.Open(mount);
            await test(storage);
        }
        finally
        {
            Programs.Run("/bin/umount", [mount]);
        }
    }
}
