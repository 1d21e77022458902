using System.IO.Pipelines;
using MedicineMan.Repository.Chunking;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Storage;
using MedicineMan.Sdk.Testing.Storage;
using MedicineMan.Testbed;
using Microsoft.Extensions.Time.Testing;

namespace MedicineMan.Repository.Tests.Faults;

public sealed class FailureTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(20_000_000)]
    [InlineData(49_900_000)]
    public async Task A_full_disk_ends_the_backup_with_a_sentence_and_no_snapshot_and_the_next_one_succeeds(long room)
    {
        FailingStorage? disk = null;
        await using var ours = await TestRepository.Create(storage => disk = new FailingStorage(storage));
        var before = await ours.BackUp(("rows", Some.Rows(1000)));
        var content = Some.Noise(50_000_000);
        disk!.FillUpAfter(room);

        var failure = await Assert.ThrowsAnyAsync<UserFacingException>(() => ours.BackUp(("noise", content)));

        Assert.Contains("disk is full", failure.Message, StringComparison.Ordinal);
        Assert.Equal(before.Id, Assert.Single(await ours.Repository.Snapshots(default).ToListAsync()).Id);
        disk.OnPut = null;
        var after = await ours.BackUp(("noise", content));
        await ours.Reopen();
        Assert.Equal(content, await ours.Read(after.Id, "noise"));
        Assert.True((await ours.Repository.Check(new CheckOptions { ReadData = true }, null, default)).Passed);
    }

    [Theory]
    [InlineData("index/")]
    [InlineData("snapshots/")]
    public async Task A_write_that_fails_at_the_end_leaves_no_snapshot(string folder)
    {
        FailingStorage? disk = null;
        await using var ours = await TestRepository.Create(storage => disk = new FailingStorage(storage));
        disk!.OnPut = (key, _) => { if (key.StartsWith(folder, StringComparison.Ordinal)) { throw new StorageException("The cable is out."); } };

        Assert.Equal("The cable is out.", (await Assert.ThrowsAsync<StorageException>(() => ours.BackUp(("rows", Some.Rows(1000))))).Message);

        disk.OnPut = null;
        Assert.Empty(await ours.Repository.Snapshots(default).ToListAsync());
        var after = await ours.BackUp(("rows", Some.Rows(1000)));
        Assert.Equal(Some.Rows(1000), await ours.Read(after.Id, "rows"));
    }

    [Fact]
    public async Task What_a_slow_backup_stored_before_it_was_broken_off_is_not_stored_again()
    {
        await using var ours = await TestRepository.Create();
        var (first, second) = (Some.Noise(30_000_000), Some.Noise(60_000_000, seed: 2));
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        using (var repository = await BackupRepository.Open(ours.Storage, TestRepository.Password, TestRepository.Cheap, clock, default))
        {
            await using var session = await repository.BeginSnapshot(TestRepository.Options(), default);
            await session.AddStream(["first"], new MemoryStream(first), ChunkProfile.Stream, default);
            clock.Advance(TimeSpan.FromMinutes(5));
            await session.AddStream(["second"], new MemoryStream(second), ChunkProfile.Stream, default);
            var index = Path.Combine(ours.Folder, "index");
            await Eventually.Holds(() => Task.FromResult(Directory.Exists(index) && Directory.GetFiles(index).Length > 0));
        }

        var again = await ours.BackUp(("first", first), ("second", second));

        Assert.InRange(again.Statistics.BytesNew, 1, 80_000_000);
        Assert.Equal(second, await ours.Read(again.Id, "second"));
    }

    [Fact]
    public async Task A_storage_that_fails_for_a_moment_is_tried_again()
    {
        FailingStorage? disk = null;
        await using var ours = await TestRepository.Create(storage => disk = new FailingStorage(storage));
        var failures = 0;
        disk!.OnPut = (_, _) => { if (Interlocked.Increment(ref failures) <= 2) { throw new StorageException("503") { Transient = true }; } };
        var snapshot = await ours.BackUp(("rows", Some.Rows(1000)));
        disk.OnPut = null;
        Assert.Equal(Some.Rows(1000), await ours.Read(snapshot.Id, "rows"));
    }

    [Fact]
    public async Task A_content_reader_that_fails_abandons_the_whole_session()
    {
        await using var ours = await TestRepository.Create();
        await using (var session = await ours.Repository.BeginSnapshot(TestRepository.Options(), default))
        {
            await session.AddStream(["good"], new MemoryStream(Some.Rows(1000)), ChunkProfile.Stream, default);
            var pipe = new Pipe();
            await pipe.Writer.WriteAsync(Some.Rows(100));
            await pipe.Writer.CompleteAsync(new IOException("server closed the connection"));

            var failure = await Assert.ThrowsAsync<IOException>(() => session.AddStream(["bad"], pipe.Reader, ChunkProfile.Stream, default));

            Assert.Equal("server closed the connection", failure.Message);
            await Assert.ThrowsAsync<IOException>(() => session.Commit(default));
        }

        Assert.Empty(await ours.Repository.Snapshots(default).ToListAsync());
        await ours.BackUp(("good", Some.Rows(1000)));
        Assert.True((await ours.Repository.Check(new CheckOptions { ReadData = true }, null, default)).Passed);
    }

    [Fact]
    public async Task A_backup_never_relies_on_blocks_of_another_one_that_is_not_committed()
    {
        await using var ours = await TestRepository.Create();
        var rows = Some.Rows(100_000);
        CommittedSnapshot second;
        await using (var failing = await ours.Repository.BeginSnapshot(TestRepository.Options(), default))
        {
            await failing.AddStream(["rows"], new MemoryStream(rows), ChunkProfile.Stream, default);
            second = await ours.BackUp(("rows", rows));
        }

        await ours.Reopen();
        Assert.Equal(rows, await ours.Read(second.Id, "rows"));
    }

    [Fact]
    public async Task A_session_that_is_cancelled_leaves_no_snapshot_and_no_lock()
    {
        await using var ours = await TestRepository.Create();
        using var cancel = new CancellationTokenSource();
        await using (var session = await ours.Repository.BeginSnapshot(TestRepository.Options(), default))
        {
            var endless = new Pipe();
            await endless.Writer.WriteAsync(Some.Rows(10));
            var adding = session.AddStream(["endless"], endless.Reader, ChunkProfile.Stream, cancel.Token);
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => adding);
        }

        Assert.Empty(await ours.Repository.Snapshots(default).ToListAsync());
        Assert.Empty(Directory.GetFiles(Path.Combine(ours.Folder, "locks")));
    }

    [SkippableFact]
    public async Task An_exclusive_lock_of_restic_keeps_us_out_and_a_stale_one_does_not()
    {
        Restic.SkipUnlessInstalled();
        await using var ours = await TestRepository.Create();
        var store = new Storing.ObjectStore(ours.Storage, (await RepositoryKeys.Open(ours.Storage, TestRepository.Password, default)).Key!, 2, TimeProvider.System);
        await using (await Locking.RepositoryLock.Acquire(store, exclusive: true, default))
        {
            var refused = await Assert.ThrowsAnyAsync<UserFacingException>(() => ours.BackUp(("rows", Some.Rows(10))));
            Assert.Contains("locked for maintenance by process", refused.Message, StringComparison.Ordinal);
            Assert.NotEqual(0, (await ours.Restic.Try(Some.Rows(10), "backup", "--stdin")).Code);
        }

        var old = Format.UnixTime.From(TimeProvider.System.GetUtcNow().AddMinutes(-31));
        await store.Save("locks/", System.Text.Encoding.UTF8.GetBytes($$"""{"time":"{{old}}","exclusive":true,"hostname":"elsewhere","username":"x","pid":1}"""), default);
        await ours.BackUp(("rows", Some.Rows(10)));
        Assert.Empty(Directory.GetFiles(Path.Combine(ours.Folder, "locks")));
    }

    [Theory]
    [InlineData("backup")]
    [InlineData("read")]
    [InlineData("check")]
    public async Task Who_locks_in_the_same_instant_keeps_us_out_before_anything_is_stored_or_answered(string what)
    {
        await using var ours = await TestRepository.Create();
        var snapshot = await ours.BackUp(("rows", Some.Rows(10)));
        var before = Directory.GetFiles(ours.Folder, "*", SearchOption.AllDirectories).Order();
        var store = new Storing.ObjectStore(ours.Storage, (await RepositoryKeys.Open(ours.Storage, TestRepository.Password, default)).Key!, 2, TimeProvider.System);
        var rival = ObjectId.Of([]);
        async Task Lock() => rival = await store.Save("locks/", System.Text.Encoding.UTF8.GetBytes(
            $$"""{"time":"{{Format.UnixTime.From(TimeProvider.System.GetUtcNow())}}","exclusive":true,"hostname":"elsewhere","username":"x","pid":1}"""), default);

        var refused = await Assert.ThrowsAsync<Locking.LockedException>(async () =>
        {
            switch (what)
            {
                case "backup":
                    await using (var session = await ours.Repository.BeginSnapshot(TestRepository.Options(), default))
                    {
                        await Lock();
                        await session.AddStream(["more"], new MemoryStream(Some.Noise(40_000_000)), ChunkProfile.Stream, default);
                        await session.Commit(default);
                    }

                    break;
                case "read":
                    await using (var tree = await ours.Repository.OpenSnapshot(snapshot.Id.ToString(), default))
                    {
                        await Lock();
                        await tree.Dump(["rows"], Stream.Null, default);
                    }

                    break;
                default:
                    var checking = ours.Repository.Check(new CheckOptions { ReadData = true }, null, default);
                    await Lock();
                    await checking;
                    break;
            }
        });
        Assert.Contains("locked for maintenance by process 1 of x on elsewhere", refused.Message, StringComparison.Ordinal);
        File.Delete(Path.Combine(ours.Folder, "locks", rival.ToString()));
        Assert.Equal(before, Directory.GetFiles(ours.Folder, "*", SearchOption.AllDirectories).Order());
    }

    [Fact]
    public async Task Many_streams_side_by_side_are_stored_and_equal_blocks_once()
    {
        await using var ours = await TestRepository.Create();
        var content = Enumerable.Range(0, 8).Select(i => Some.Rows(20_000, seed: i % 4)).ToArray();
        await using var session = await ours.Repository.BeginSnapshot(TestRepository.Options() with { HashStreams = true }, default);

        var stored = await Task.WhenAll(content.Select((rows, i) => session.AddStream([$"db{i % 2}", $"table{i}"], new MemoryStream(rows), ChunkProfile.Stream, default)));
        var committed = await session.Commit(default);

        Assert.Equal(content.Select(rows => ObjectId.Of(rows).ToString()), stored.Select(stream => stream.Sha256));
        Assert.InRange(committed.Statistics.BytesNew, content.Take(4).Sum(rows => rows.LongLength), content.Take(4).Sum(rows => rows.LongLength) + 20_000);
        Assert.Equal(content.Sum(rows => rows.LongLength), committed.Statistics.BytesRead);
        for (var i = 0; i < content.Length; i++)
        {
            Assert.Equal(content[i], await ours.Read(committed.Id, $"db{i % 2}/table{i}"));
        }
    }
}
