using MedicineMan.Repository.Chunking;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Tests.Faults;

public sealed class ShakyStorageTests
{
    private static readonly byte[] Rows = Some.Rows(40_000);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public async Task A_storage_that_resets_or_answers_500_503_or_429_at_every_nth_call_is_worked_with(int nth)
    {
        await using var storage = new ShakyStorage();
        using var repository = await Make(storage);
        storage.EveryNth = nth;

        byte[] more = [.. Rows, .. Some.Noise(3_000_000)];
        var first = await BackUp(repository, Rows);
        var second = await BackUp(repository, more);

        Assert.Equal(Rows, await Read(repository, first));
        Assert.Equal(more, await Read(repository, second));
        Assert.True((await repository.Check(new CheckOptions { ReadData = true }, null, default)).Passed);
        Assert.InRange(storage.Failures, 5, 1000);
    }

    [Fact]
    public async Task A_storage_that_refuses_every_nth_call_costs_no_snapshot_and_says_which_call()
    {
        await using var storage = new ShakyStorage();
        using var repository = await Make(storage);
        var kept = await BackUp(repository, Rows);
        var refused = 0;
        for (var nth = 2; nth < 16; nth++)
        {
            (storage.EveryNth, storage.FailsForGood) = (nth, true);
            try
            {
                await BackUp(repository, Some.Rows(3000, seed: nth));
                Assert.Equal(Rows, await Read(repository, kept));
            }
            catch (UserFacingException failure)
            {
                Assert.Matches("could not (write|read|list|remove) [a-z]+/|is missing, cut short or not readable|^The lock locks/", failure.Message);
                refused++;
            }

            storage.EveryNth = 0;
            Assert.Equal(Rows, await Read(repository, kept));
        }

        Assert.InRange(refused, 8, 14);
        Assert.True((await repository.Check(new CheckOptions { ReadData = true }, null, default)).Passed);
    }

    [Fact]
    public async Task A_storage_that_lists_late_gives_right_bytes_or_none_and_everything_once_it_has_caught_up()
    {
        await using var storage = new ShakyStorage();
        using var repository = await Make(storage);
        var made = new List<(ObjectId Id, byte[] Content)>();
        var unseen = 0;
        for (var i = 0; i < 8; i++)
        {
            storage.ListsLate = i;
            // Half of it is in the last one as well, whose index may not be seen yet.
            byte[] content = [.. Some.Rows(3000, seed: i / 2), .. Some.Noise(100_000, seed: i)];
            made.Add((await BackUp(repository, content), content));
            try
            {
                Assert.Equal(content, await Read(repository, made[^1].Id));
            }
            catch (UserFacingException)
            {
                unseen++;
            }
        }

        Assert.InRange(unseen, 1, 8);
        storage.ListsLate = 0;
        using var later = await TestRepository.Open(storage);
        foreach (var (id, content) in made)
        {
            Assert.Equal(content, await Read(later, id));
        }

        Assert.True((await later.Check(new CheckOptions { ReadData = true }, null, default)).Passed);
    }

    [Fact]
    public async Task A_backup_to_a_storage_that_stalls_can_be_given_up_and_leaves_the_repository_as_it_was()
    {
        await using var storage = new ShakyStorage();
        using var repository = await Make(storage);
        var kept = await BackUp(repository, Rows);
        storage.Stalls = "data/";
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => BackUp(repository, Some.Noise(40_000_000), patience.Token));

        storage.Stalls = null;
        Assert.Equal(Rows, await Read(repository, kept));
        Assert.Equal(Rows, await Read(repository, await BackUp(repository, Rows)));
    }

    private static Task<BackupRepository> Make(ShakyStorage storage) =>
        BackupRepository.Initialise(storage, TestRepository.Password, TestRepository.Cheap, new HastyClock(), default);

    private static async Task<ObjectId> BackUp(BackupRepository repository, byte[] content, CancellationToken cancel = default)
    {
        await using var session = await repository.BeginSnapshot(TestRepository.Options(), cancel);
        await session.AddStream(["rows"], new MemoryStream(content), ChunkProfile.Stream, cancel);
        return (await session.Commit(cancel)).Id;
    }

    private static async Task<byte[]> Read(BackupRepository repository, ObjectId snapshot)
    {
        await using var tree = await repository.OpenSnapshot(snapshot.ToString(), default);
        using var content = new MemoryStream();
        await tree.Dump(["rows"], content, default);
        return content.ToArray();
    }
}
