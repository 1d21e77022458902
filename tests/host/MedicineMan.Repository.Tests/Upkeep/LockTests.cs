using MedicineMan.Repository.Chunking;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Sdk;
using Microsoft.Extensions.Time.Testing;

namespace MedicineMan.Repository.Tests.Upkeep;

public sealed class LockTests
{
    private static readonly TimeSpan Beat = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task A_lock_is_refreshed_while_it_is_held_and_leaves_nothing_behind()
    {
        await using var ours = await TestRepository.Create();
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        using var repository = await Open(ours, clock);
        await using (var session = await repository.BeginSnapshot(TestRepository.Options(), default))
        {
            for (var beat = 0; beat < 4; beat++)
            {
                var before = Locks(ours).Single();
                await Until(clock, () => Locks(ours) is [var now] && now != before);
            }

            await session.AddStream(["rows"], new MemoryStream(Some.Rows(10)), ChunkProfile.Stream, default);
            await session.Commit(default);
        }

        Assert.Empty(Locks(ours));
        Assert.Single(await ours.Repository.Snapshots(default).ToListAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whoever_slept_too_long_or_was_unlocked_gives_up_instead_of_committing(bool unlocked)
    {
        await using var ours = await TestRepository.Create();
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        using var repository = await Open(ours, clock);
        await using var session = await repository.BeginSnapshot(TestRepository.Options(), default);
        await session.AddStream(["rows"], new MemoryStream(Some.Rows(10)), ChunkProfile.Stream, default);
        if (unlocked)
        {
            Assert.Equal(1, await ours.Repository.Upkeep.Unlock(all: true, dryRun: false, default));
            await Task.Delay(300);
            clock.Advance(Beat);
            await Task.Delay(300);
            clock.Advance(Beat);
        }
        else
        {
            // A laptop that was closed: no beat in between.
            clock.Advance(TimeSpan.FromMinutes(45));
        }

        // It notices at its next beat, which runs beside this test.
        await Task.Delay(300);
        Assert.Contains("lock", (await Assert.ThrowsAsync<UserFacingException>(() => session.Commit(default))).Message, StringComparison.Ordinal);
        Assert.Empty(await ours.Repository.Snapshots(default).ToListAsync());
    }

    private static Task<BackupRepository> Open(TestRepository ours, TimeProvider clock) =>
        BackupRepository.Open(ours.Storage, TestRepository.Password, TestRepository.Cheap, clock, default);

    private static string[] Locks(TestRepository ours) => Directory.GetFiles(Path.Combine(ours.Folder, "locks"));

    // The clock stands between looks, so that the one who refreshes has all the time it needs.
    private static async Task Until(FakeTimeProvider clock, Func<bool> condition)
    {
        for (var tries = 0; !condition(); tries++)
        {
            Assert.True(tries < 1000, "It never happened.");
            clock.Advance(tries % 40 == 0 ? TimeSpan.FromMinutes(1) : TimeSpan.Zero);
            await Task.Delay(25);
        }
    }
}
