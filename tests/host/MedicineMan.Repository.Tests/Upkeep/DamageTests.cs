using MedicineMan.Repository.Chunking;
using MedicineMan.Repository.Restoring;
using MedicineMan.Repository.Tests.Fixtures;

namespace MedicineMan.Repository.Tests.Upkeep;

public sealed class DamageTests
{
    private static readonly byte[] Victim = Some.Noise(2_000_000, seed: 7);
    private static readonly byte[] Bystander = Some.Rows(20_000);

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.3)]
    [InlineData(0.7)]
    public async Task A_flipped_byte_is_found_and_located_and_never_comes_out(double where)
    {
        await using var ours = await TestRepository.Create();
        var victim = await ours.BackUp(("victim", Victim));
        var pack = LargestPack(ours);
        var bystander = await ours.BackUp(("bystander", Bystander));

        Change(pack, content => content[(int)(content.Length * where)] ^= 0x10);

        await ExpectOnlyTheVictimIsLost(ours, pack, victim.Id, bystander.Id);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1_000_000)]
    public async Task A_pack_cut_short_is_found_and_located_and_never_comes_out(int left)
    {
        await using var ours = await TestRepository.Create();
        var victim = await ours.BackUp(("victim", Victim));
        var pack = LargestPack(ours);
        var bystander = await ours.BackUp(("bystander", Bystander));

        File.WriteAllBytes(pack, File.ReadAllBytes(pack)[..left]);

        await ExpectOnlyTheVictimIsLost(ours, pack, victim.Id, bystander.Id);
    }

    [Fact]
    public async Task A_missing_pack_is_found_without_reading_data()
    {
        await using var ours = await TestRepository.Create();
        var victim = await ours.BackUp(("victim", Victim));
        var pack = LargestPack(ours);
        var bystander = await ours.BackUp(("bystander", Bystander));
        File.Delete(pack);

        var report = await ours.Repository.Check(new CheckOptions(), null, default);

        Assert.Contains("missing", Assert.Single(report.Problems).Message, StringComparison.Ordinal);
        await ExpectOnlyTheVictimIsLost(ours, pack, victim.Id, bystander.Id);
    }

    [Fact]
    public async Task A_missing_index_costs_what_only_it_knew_and_the_next_backup_stores_that_again()
    {
        await using var ours = await TestRepository.Create();
        var victim = await ours.BackUp(DateTimeOffset.UnixEpoch, ("victim", Victim));
        var index = Assert.Single(Directory.GetFiles(Path.Combine(ours.Folder, "index")));
        var bystander = await ours.BackUp(("bystander", Bystander));
        File.Delete(index);
        await ours.Reopen();

        var report = await ours.Repository.Check(new CheckOptions(), null, default);
        Assert.False(report.Passed);
        Assert.Contains(report.Problems, problem => problem.Affected.Any(place => place.StartsWith(victim.Id.Prefix, StringComparison.Ordinal)));
        await Assert.ThrowsAsync<DamagedException>(() => ours.Read(victim.Id, "victim"));
        Assert.Equal(Bystander, await ours.Read(bystander.Id, "bystander"));

        await ours.BackUp(DateTimeOffset.UnixEpoch, ("victim", Victim));
        Assert.Equal(Victim, await ours.Read(victim.Id, "victim"));
        Assert.True((await ours.Repository.Check(new CheckOptions { ReadData = true }, null, default)).Passed);
    }

    [Theory]
    [InlineData("index")]
    [InlineData("snapshots")]
    public async Task A_flipped_byte_in_an_index_or_snapshot_is_named_and_the_rest_still_works(string folder)
    {
        await using var ours = await TestRepository.Create();
        await ours.BackUp(("victim", Victim));
        var file = Assert.Single(Directory.GetFiles(Path.Combine(ours.Folder, folder)));
        var bystander = await ours.BackUp(("bystander", Bystander));
        Change(file, content => content[content.Length / 2] ^= 1);
        await ours.Reopen();

        var report = await ours.Repository.Check(new CheckOptions { ReadData = true }, null, default);

        Assert.Contains(report.Problems, problem => problem.Message.Contains(Path.GetFileName(file), StringComparison.Ordinal));
        Assert.Equal(Bystander, await ours.Read(bystander.Id, "bystander"));
    }

    [Fact]
    public async Task A_file_that_is_damaged_is_left_out_of_a_restore_and_everything_else_is_restored()
    {
        await using var scratch = new ScratchFolder();
        await using var ours = await TestRepository.Create();
        await ours.BackUp(("victim", Victim));
        Change(LargestPack(ours), content => content[5000] ^= 1);
        await using (var session = await ours.Repository.BeginSnapshot(TestRepository.Options(), default))
        {
            await session.AddStream(["bystander"], new MemoryStream(Bystander), ChunkProfile.Stream, default);
            await session.AddStream(["victim"], new MemoryStream(Victim), ChunkProfile.Stream, default);
            await session.Commit(default);
        }

        await using var snapshot = await ours.Repository.OpenSnapshot("latest", default);
        var report = await snapshot.Restore(new RestoreOptions([], scratch["target"]), null, default);

        Assert.Contains("victim", Assert.Single(report.Problems), StringComparison.Ordinal);
        Assert.Equal(["bystander"], Directory.GetFiles(scratch["target"]).Select(Path.GetFileName));
        Assert.Equal(Bystander, File.ReadAllBytes(scratch["target/bystander"]));
    }

    private static async Task ExpectOnlyTheVictimIsLost(TestRepository ours, string pack, ObjectId victim, ObjectId bystander)
    {
        await ours.Reopen();
        var report = await ours.Repository.Check(new CheckOptions { ReadData = true }, null, default);
        var problem = Assert.Single(report.Problems);
        Assert.Equal(Path.GetFileName(pack), problem.Pack.ToString());
        Assert.Equal([$"{victim.Prefix}:/victim"], problem.Affected);

        await using var snapshot = await ours.Repository.OpenSnapshot(victim.ToString(), default);
        using var came = new MemoryStream();
        var damaged = await Assert.ThrowsAsync<DamagedException>(() => snapshot.Dump(["victim"], came, default));
        Assert.Contains(Path.GetFileName(pack), damaged.Message, StringComparison.Ordinal);
        Assert.Equal(Victim[..(int)came.Length], came.ToArray());
        Assert.Equal(Bystander, await ours.Read(bystander, "bystander"));
    }

    private static string LargestPack(TestRepository ours) =>
        Directory.GetFiles(Path.Combine(ours.Folder, "data"), "*", SearchOption.AllDirectories).MaxBy(file => new FileInfo(file).Length)!;

    private static void Change(string file, Action<byte[]> change)
    {
        var content = File.ReadAllBytes(file);
        change(content);
        File.WriteAllBytes(file, content);
    }
}
