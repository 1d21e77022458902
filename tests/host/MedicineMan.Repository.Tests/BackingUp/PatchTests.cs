using MedicineMan.Repository.Chunking;
using MedicineMan.Repository.Patching;
using MedicineMan.Repository.Restoring;
using MedicineMan.Repository.Storing;
using MedicineMan.Repository.Tests.Fixtures;

namespace MedicineMan.Repository.Tests.BackingUp;

public sealed class PatchTests
{
    private const int Large = 112 << 20;
    private const int OnePart = 8 << 20;

    [SkippableFact]
    public async Task A_table_changed_all_over_costs_little_and_comes_back_through_us_and_through_restic_and_zstd_alone()
    {
        Restic.SkipUnlessInstalled();
        Skip.IfNot(await Shell.Has("zstd"), "zstd is not installed (Debian package zstd).");
        await using var test = await TestRepository.Create();
        var (before, after) = (Some.Table(Large), Some.Table(Large, changeEvery: 100));
        var first = await test.BackUp(("db/dump.sql", before));
        var second = await BackUpAfter(test, first.Id, ("db/dump.sql", after));

        Assert.True(second.Statistics.BytesStored < first.Statistics.BytesStored / 10, $"{second.Statistics.BytesStored} of {first.Statistics.BytesStored} bytes");
        Assert.Equal(before, await test.Read(first.Id, "db/dump.sql"));
        Assert.Equal(after, await test.Read(second.Id, "db/dump.sql"));

        await test.Restic.Run("check", "--read-data");
        await test.Restic.Run("restore", second.Id.ToString(), "--target", test.Scratch["out"]);
        var folder = Path.Combine(test.Scratch["out"], "db", "dump.sql.patched");
        Assert.True(Directory.GetFiles(folder, "*.patch").Length >= 2);
        await Shell.Run("sh \"$1/join.sh\" > \"$2\"", folder, test.Scratch["joined"]);
        Assert.Equal(after, await File.ReadAllBytesAsync(test.Scratch["joined"]));
    }

    [Fact]
    public async Task A_patched_stream_is_shown_found_and_restored_as_the_file_it_is()
    {
        await using var test = await TestRepository.Create();
        var after = Some.Table(OnePart, changeEvery: 50);
        var first = await test.BackUp(("db/dump.sql", Some.Table(OnePart)), ("db/small", [1, 2, 3]));
        var second = await BackUpAfter(test, first.Id, ("db/dump.sql", after), ("db/small", [1, 2, 3]));

        await using var snapshot = await test.Repository.OpenSnapshot(second.Id.ToString(), default);
        var listed = await snapshot.List(["db"], default);
        Assert.Equal(["dump.sql", "small"], listed.Select(node => node.Name));
        Assert.Equal(("file", (long)OnePart), (listed[0].Type, listed[0].Size));
        Assert.Equal(OnePart, (await snapshot.Find(["db", "dump.sql"], default))!.Size);
        Assert.Null(await snapshot.Find(["db", "dump.sql", "stream.json"], default));

        var report = await snapshot.Restore(new RestoreOptions([], test.Scratch["out"]), null, default);
        Assert.Empty(report.Problems);
        Assert.Equal(2, report.Files);
        Assert.Equal(after, await File.ReadAllBytesAsync(Path.Combine(test.Scratch["out"], "db", "dump.sql")));
        await using var opened = await snapshot.OpenFile(["db", "dump.sql"], default);
        using var read = new MemoryStream();
        await opened.CopyToAsync(read);
        Assert.Equal(after, read.ToArray());
        Assert.True((await test.Repository.Check(new CheckOptions { ReadData = true }, null, default)).Passed);
    }

    [Fact]
    public async Task Each_patch_is_one_step_from_its_base_and_the_same_content_costs_no_second_patch()
    {
        await using var test = await TestRepository.Create();
        var last = await test.BackUp(("dump", Some.Table(OnePart)));
        for (var day = 1; day <= 4; day++)
        {
            var content = Some.Table(OnePart, changeEvery: 100, seed: day);
            last = await BackUpAfter(test, last.Id, ("dump", content));
            Assert.Equal(content, await test.Read(last.Id, "dump"));
            // As much each day: from the same base, not from the day before, or the days would add up.
            Assert.InRange(last.Statistics.BytesStored, 1_000, 200_000);
        }

        last = await BackUpAfter(test, last.Id, ("dump", Some.Table(OnePart, changeEvery: 100, seed: 4)));
        Assert.InRange(last.Statistics.BytesStored, 0, 5_000);
    }

    [Fact]
    public async Task A_stream_that_outgrew_its_base_is_stored_whole_and_is_a_file_again()
    {
        await using var test = await TestRepository.Create();
        var first = await test.BackUp(("dump", Some.Table(OnePart)));
        var second = await BackUpAfter(test, first.Id, ("dump", Some.Table(OnePart, changeEvery: 2)));
        Assert.Equal(1, await Streams(test, second.Id));
        Assert.Equal(Some.Table(OnePart, changeEvery: 2), await test.Read(second.Id, "dump"));
        var third = await BackUpAfter(test, second.Id, ("dump", Some.Table(OnePart, changeEvery: 200, seed: 3)));
        Assert.Equal(Some.Table(OnePart, changeEvery: 200, seed: 3), await test.Read(third.Id, "dump"));
    }

    [Fact]
    public async Task A_stream_that_did_not_change_or_changed_in_one_place_is_the_file_it_always_was()
    {
        await using var test = await TestRepository.Create();
        var content = Some.Table(OnePart);
        var first = await test.BackUp(("dump", content));
        var same = await BackUpAfter(test, first.Id, ("dump", content));
        Assert.Equal(await Tree(test, first.Id), await Tree(test, same.Id));

        Some.Noise(50_000).CopyTo(content, OnePart / 2);
        var changed = await BackUpAfter(test, same.Id, ("dump", content));
        Assert.Equal(1, await Streams(test, changed.Id));
        Assert.Equal(content, await test.Read(changed.Id, "dump"));
    }

    [Fact]
    public async Task What_was_inserted_before_changed_parts_does_not_hide_their_bases()
    {
        await using var test = await TestRepository.Create();
        var table = Some.Table(Large);
        var first = await test.BackUp(("dump", table));
        byte[] after = [.. Some.Noise(20 << 20), .. Some.Table(Large, changeEvery: 100)];
        var second = await BackUpAfter(test, first.Id, ("dump", after));

        Assert.Equal(after, await test.Read(second.Id, "dump"));
        // The inserted noise, whatever part it falls into, and little else.
        Assert.InRange(second.Statistics.BytesStored, 20 << 20, 32 << 20);
    }

    [Fact]
    public async Task Content_that_stands_in_several_places_is_looked_for_where_it_is_expected()
    {
        await using var test = await TestRepository.Create();
        var before = Repeating(2 * Large);
        var after = (byte[])before.Clone();
        for (var at = 7_000; at < after.Length; at += 20_000)
        {
            after[at] ^= 1;
        }

        var first = await test.BackUp(("dump", before));
        var second = await BackUpAfter(test, first.Id, ("dump", after));

        Assert.True(second.Statistics.BytesStored < first.Statistics.BytesStored / 10, $"{second.Statistics.BytesStored} of {first.Statistics.BytesStored} bytes");
        Assert.Equal(after, await test.Read(second.Id, "dump"));

        // Every page stands in it some sixteen times.
        static byte[] Repeating(int bytes)
        {
            const int Page = 4096;
            var pages = Some.Table(bytes / 16);
            var random = new Random(3);
            var content = new byte[bytes];
            for (var at = 0; at < bytes; at += Page)
            {
                pages.AsSpan(random.Next(pages.Length / Page) * Page, Page).CopyTo(content.AsSpan(at));
            }

            return content;
        }
    }

    [Fact]
    public async Task A_damaged_base_is_found_and_named_and_no_wrong_byte_comes_out()
    {
        await using var test = await TestRepository.Create();
        var first = await test.BackUp(("dump", Some.Table(OnePart)));
        var second = await BackUpAfter(test, first.Id, ("dump", Some.Table(OnePart, changeEvery: 100)));
        var pack = Directory.GetFiles(Path.Combine(test.Folder, "data"), "*", SearchOption.AllDirectories).MaxBy(file => new FileInfo(file).Length)!;
        var bytes = await File.ReadAllBytesAsync(pack);
        bytes[bytes.Length / 2] ^= 1;
        File.SetUnixFileMode(pack, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await File.WriteAllBytesAsync(pack, bytes);

        var report = await test.Repository.Check(new CheckOptions { ReadData = true }, null, default);
        Assert.Contains($"{second.Id.Prefix}:/dump", report.Problems.SelectMany(problem => problem.Affected));
        await Assert.ThrowsAsync<DamagedException>(() => test.Read(second.Id, "dump"));

        // A backup on top of the damage still yields a snapshot; what it can't use it stores anew.
        await test.Reopen();
        var content = Some.Table(OnePart, changeEvery: 100, seed: 9);
        var third = await BackUpAfter(test, second.Id, ("dump", content));
        Assert.Equal(content, await test.Read(third.Id, "dump"));
    }

    [Fact]
    public async Task A_folder_that_only_looks_like_a_patched_stream_stays_a_folder()
    {
        await using var test = await TestRepository.Create();
        test.Scratch.Write("home/notes.patched/stream.json", "{}");
        var snapshot = await test.BackUpFolder(test.Scratch["home"]);
        await using var tree = await test.Repository.OpenSnapshot(snapshot.Id.ToString(), default);
        var listed = await tree.List(test.Scratch["home"].Split('/', StringSplitOptions.RemoveEmptyEntries), default);
        Assert.True(Assert.Single(listed).IsDirectory);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Both_codecs_read_each_others_patches_and_refuse_other_bases(bool withoutSystem)
    {
        var (before, after) = (Some.Table(3 << 20), Some.Table(3 << 20, changeEvery: 100));
        using var one = new ZstdPatch(withoutSystem);
        using var other = new ZstdPatch(!withoutSystem);
        var patch = new byte[1 << 20];
        var length = one.Compress(before, after, patch);
        Assert.InRange(length, 1, 200_000);
        var back = new byte[after.Length];
        Assert.Equal(after.Length, other.Decompress(before, patch.AsSpan(0, length), back));
        Assert.Equal(after, back);
        Assert.True(other.Decompress(Some.Noise(3 << 20), patch.AsSpan(0, length), back) < 0);
        Assert.Equal(-1, one.Compress(before, after, patch.AsSpan(0, length / 2)));
        Assert.Equal(length, one.Compress(before, after, patch));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"format":"medicineman patched stream 1","name":"x","size":5,"parts":[{"file":"a","size":4}]}""")]
    [InlineData("""{"format":"another","name":"x","size":4,"parts":[{"file":"a","size":4}]}""")]
    [InlineData("""{"format":"medicineman patched stream 1","name":"x","size":-2,"parts":[{"file":"a","size":-2}]}""")]
    [InlineData("""{"format":"medicineman patched stream 1","name":"x","size":4,"parts":null}""")]
    public void A_list_of_parts_that_makes_no_sense_is_damage(string json) =>
        Assert.Throws<DamagedException>(() => StreamDescriptor.Read(System.Text.Encoding.UTF8.GetBytes(json), "x"));

    private static async Task<CommittedSnapshot> BackUpAfter(TestRepository test, ObjectId parent, params (string Path, byte[] Content)[] streams)
    {
        await using var session = await test.Repository.BeginSnapshot(TestRepository.Options() with { Parent = parent, Time = DateTimeOffset.UnixEpoch }, default);
        foreach (var (path, content) in streams)
        {
            await session.AddStream(path.Split('/'), new MemoryStream(content), ChunkProfile.Stream, default);
        }

        return await session.Commit(default);
    }

    private static async Task<int> Streams(TestRepository test, ObjectId snapshot)
    {
        await test.Reopen();
        await using var tree = await test.Repository.OpenSnapshot(snapshot.ToString(), default);
        return (await tree.List([], default)).Count(node => node.Type is "file");
    }

    private static async Task<IReadOnlyList<SnapshotNode>> Tree(TestRepository test, ObjectId snapshot)
    {
        await using var tree = await test.Repository.OpenSnapshot(snapshot.ToString(), default);
        return [.. (await tree.List([], default)).Select(node => node with { Modified = default })];
    }
}
