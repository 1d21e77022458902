using System.Buffers;
using System.Text.Json;
using MedicineMan.Samples.MirroredFolders;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Storage;
using MedicineMan.Sdk.Testing.Storage;
using MedicineMan.Testbed;

namespace MedicineMan.Samples.Tests;

public sealed class MirroredFoldersTests : StorageContract, IDisposable
{
    private const string Key = "data/ab/abcd";

    private readonly TemporaryFolder folder = new("mirror");

    protected override ValueTask<IStorageBackend> OpenEmptyAsync() => Open(folder["a"], folder["b"]);

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public async Task What_one_folder_has_lost_the_other_gives_back(string lost)
    {
        await using var storage = await OpenEmptyAsync();
        await storage.PutAsync(Key, new ReadOnlySequence<byte>([1, 2, 3]), default);
        File.Delete(Path.Combine(folder[lost], Key));

        var read = new byte[3];
        await storage.ReadAsync(Key, 0, read, default);
        Assert.Equal([1, 2, 3], read);
        Assert.Equal(Key, Assert.Single(await storage.ListAsync("", default).ToListAsync()).Key);
    }

    [Fact]
    public async Task What_a_crash_left_out_of_the_second_folder_is_made_good()
    {
        await using var storage = await OpenEmptyAsync();
        await storage.PutAsync(Key, new ReadOnlySequence<byte>([1, 2, 3]), default);
        File.Delete(Path.Combine(folder["b"], Key));

        Assert.False(await storage.PutAsync(Key, new ReadOnlySequence<byte>([1, 2, 3]), default));
        Assert.Equal([1, 2, 3], await File.ReadAllBytesAsync(Path.Combine(folder["b"], Key)));
    }

    [Fact]
    public async Task Every_mistake_in_the_settings_is_named_at_once()
    {
        var both = await Assert.ThrowsAsync<UserFacingException>(async () => await Open("relative", ""));
        Assert.Contains("The first folder", both.Message, StringComparison.Ordinal);
        Assert.Contains("The second folder", both.Message, StringComparison.Ordinal);
        Assert.Contains("the same one", (await Assert.ThrowsAsync<UserFacingException>(async () => await Open("/a", "/a/"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_a_sentence()
    {
        await File.WriteAllTextAsync(folder["file"], "");
        await using var storage = await Open(folder["file"], folder["b"]);
        var failure = await Assert.ThrowsAsync<StorageException>(() => storage.PutAsync(Key, new ReadOnlySequence<byte>([1]), default));
        Assert.Contains(folder["file"], failure.Message, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    private static ValueTask<IStorageBackend> Open(string first, string second) =>
        new MirrorProvider().OpenAsync(JsonSerializer.SerializeToElement(new { first, second }), default);
}
