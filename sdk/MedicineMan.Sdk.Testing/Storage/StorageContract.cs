using System.Buffers;
using MedicineMan.Sdk.Storage;
using Xunit;

namespace MedicineMan.Sdk.Testing.Storage;

/// <summary>What every storage must do. Derive a test class from it and hand it an empty storage; each test gets its own.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Naming", "CA1707", Justification = "The name of a test is a sentence.")]
public abstract class StorageContract
{
    private const string Key = "data/ab/abcdef0123456789";

    /// <summary>Opens an empty storage.</summary>
    protected abstract ValueTask<IStorageBackend> OpenEmptyAsync();

    /// <summary>What was put comes back, whole and in ranges.</summary>
    [Fact]
    public async Task An_object_comes_back_whole_and_in_ranges()
    {
        await using var storage = await OpenEmptyAsync();
        var content = Content(300_000);
        Assert.True(await storage.PutAsync(Key, InParts(content), default));

        Assert.Equal(content, await ReadAsync(storage, Key, 0, content.Length));
        Assert.Equal(content[1000..1500], await ReadAsync(storage, Key, 1000, 500));
        Assert.Empty(await ReadAsync(storage, Key, content.Length, 0));
    }

    /// <summary>A taken key is left as it is.</summary>
    [Fact]
    public async Task A_taken_key_is_never_overwritten()
    {
        await using var storage = await OpenEmptyAsync();
        var first = Content(100);
        await storage.PutAsync(Key, InParts(first), default);

        Assert.False(await storage.PutAsync(Key, InParts(Content(200)), default));
        Assert.Equal(first, await ReadAsync(storage, Key, 0, 100));
    }

    /// <summary>Of many writers of one key, one wins and the object is whole.</summary>
    [Fact]
    public async Task Of_many_writers_of_one_key_exactly_one_wins()
    {
        await using var storage = await OpenEmptyAsync();
        // The large one is hardly written at the same moment by any two; of the small ones, some are.
        foreach (var (key, content) in Enumerable.Range(0, 40).Select(i => ($"{Key}-{i}", Content(i == 0 ? 500_000 : 100))))
        {
            var won = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => storage.PutAsync(key, InParts(content), default))));

            Assert.Single(won, true);
            Assert.Equal(content, await ReadAsync(storage, key, 0, content.Length));
        }
    }

    /// <summary>An empty object is an object.</summary>
    [Fact]
    public async Task An_empty_object_is_an_object()
    {
        await using var storage = await OpenEmptyAsync();
        Assert.True(await storage.PutAsync(Key, ReadOnlySequence<byte>.Empty, default));
        Assert.Equal(0, Assert.Single(await ListAsync(storage, "data/")).Length);
    }

    /// <summary>A missing object is told apart from any other failure.</summary>
    [Fact]
    public async Task A_missing_object_is_named()
    {
        await using var storage = await OpenEmptyAsync();
        var missing = await Assert.ThrowsAsync<StorageObjectMissingException>(() => ReadAsync(storage, Key, 0, 1));
        Assert.Equal(Key, missing.Key);
        Assert.Contains(storage.Location, missing.Message, StringComparison.Ordinal);
    }

    /// <summary>Reading past the end is a failure, never short data.</summary>
    [Fact]
    public async Task Reading_past_the_end_fails()
    {
        await using var storage = await OpenEmptyAsync();
        await storage.PutAsync(Key, InParts(Content(100)), default);
        var failure = await Assert.ThrowsAnyAsync<StorageException>(() => ReadAsync(storage, Key, 50, 51));
        Assert.IsNotType<StorageObjectMissingException>(failure);
        Assert.True(failure.IsDamage, "What is cut short is damage: set IsDamage, or a repair stops there.");
    }

    /// <summary>Listings go by prefix, with lengths.</summary>
    [Fact]
    public async Task Listings_go_by_prefix_and_carry_lengths()
    {
        await using var storage = await OpenEmptyAsync();
        foreach (var (key, length) in new[] { ("config", 10), ("keys/aa", 20), ("data/aa/aa", 30), ("data/ab/ab", 40) })
        {
            await storage.PutAsync(key, InParts(Content(length)), default);
        }

        Assert.Equal([("data/aa/aa", 30L), ("data/ab/ab", 40L)], (await ListAsync(storage, "data/")).Select(found => (found.Key, found.Length)).Order());
        Assert.Equal(["data/ab/ab"], (await ListAsync(storage, "data/ab")).Select(found => found.Key));
        Assert.Equal(10, Assert.Single(await ListAsync(storage, "config")).Length);
        Assert.Equal(4, (await ListAsync(storage, "")).Count);
        Assert.Empty(await ListAsync(storage, "locks/"));
    }

    /// <summary>Removal says whether there was something.</summary>
    [Fact]
    public async Task Removal_says_whether_there_was_something()
    {
        await using var storage = await OpenEmptyAsync();
        await storage.PutAsync(Key, InParts(Content(10)), default);

        Assert.True(await storage.DeleteAsync(Key, default));
        Assert.False(await storage.DeleteAsync(Key, default));
        Assert.Empty(await ListAsync(storage, "data/"));
        Assert.True(await storage.PutAsync(Key, InParts(Content(10)), default));
    }

    /// <summary>A cancelled write leaves nothing behind.</summary>
    [Fact]
    public async Task A_cancelled_write_leaves_nothing()
    {
        await using var storage = await OpenEmptyAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => storage.PutAsync(Key, InParts(Content(1_000_000)), new CancellationToken(canceled: true)));
        Assert.Empty(await ListAsync(storage, ""));
    }

    /// <summary>Keys that are paths to elsewhere are refused.</summary>
    [Theory]
    [InlineData("../outside")]
    [InlineData("data/../../outside")]
    [InlineData("/etc/passwd")]
    [InlineData("data//twice")]
    [InlineData("data/./here")]
    [InlineData("data/UPPER")]
    [InlineData("data/nul\0")]
    public virtual async Task Keys_that_are_none_are_refused(string key)
    {
        await using var storage = await OpenEmptyAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => storage.PutAsync(key, InParts(Content(10)), default));
        await Assert.ThrowsAnyAsync<Exception>(() => ReadAsync(storage, key, 0, 1));
        await Assert.ThrowsAnyAsync<Exception>(() => storage.DeleteAsync(key, default));
    }

    private static byte[] Content(int length)
    {
        var content = new byte[length];
        new Random(length).NextBytes(content);
        return content;
    }

    // In three parts, because packs arrive in several as well.
    private static ReadOnlySequence<byte> InParts(byte[] content)
    {
        var first = new Part(content.AsMemory(0, content.Length / 3), null);
        var second = new Part(content.AsMemory(content.Length / 3, content.Length / 3), first);
        var third = new Part(content.AsMemory(content.Length / 3 * 2), second);
        return new ReadOnlySequence<byte>(first, 0, third, third.Memory.Length);
    }

    private static async Task<byte[]> ReadAsync(IStorageBackend storage, string key, long offset, int length)
    {
        var content = new byte[length];
        await storage.ReadAsync(key, offset, content, default);
        return content;
    }

    private static async Task<List<StoredObject>> ListAsync(IStorageBackend storage, string prefix)
    {
        var found = new List<StoredObject>();
        await foreach (var item in storage.ListAsync(prefix, default))
        {
            found.Add(item);
        }

        return found;
    }

    private sealed class Part : ReadOnlySequenceSegment<byte>
    {
        public Part(ReadOnlyMemory<byte> memory, Part? previous)
        {
            Memory = memory;
            RunningIndex = previous is null ? 0 : previous.RunningIndex + previous.Memory.Length;
            previous?.Next = this;
        }
    }
}
