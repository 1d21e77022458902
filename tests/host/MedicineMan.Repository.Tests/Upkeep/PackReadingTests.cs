using MedicineMan.Repository.Checking;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Storing;
using MedicineMan.Repository.Tests.Fixtures;

namespace MedicineMan.Repository.Tests.Upkeep;

/// <summary>How a check reads packs: whatever their size, a stretch at a time and every byte once.</summary>
public sealed class PackReadingTests
{
    private const int LongestRead = 4 << 20;

    [SkippableTheory]
    [InlineData(0.5)]
    [InlineData(0.99)]
    public async Task A_pack_of_a_hundred_megabytes_is_read_a_stretch_at_a_time(double where)
    {
        Restic.SkipUnlessInstalled();
        await using var scratch = new ScratchFolder();
        var restic = new Restic(scratch["repository"], TestRepository.Password, scratch["home"]);
        await restic.Run("init", "--repository-version", "2");
        var (code, _, errors) = await restic.Try(Some.Noise(160 << 20), "backup", "--stdin", "--stdin-filename", "noise", "--pack-size", "128");
        Assert.True(code == 0, errors);
        var packs = Directory.GetFiles(scratch["repository/data"], "*", SearchOption.AllDirectories).Select(file => new FileInfo(file)).ToList();
        var pack = packs.MaxBy(file => file.Length)!;
        Assert.True(pack.Length > 100 << 20);
        await using var storage = new MeteredStorage(await TestRepository.OpenStorage(scratch["repository"]));

        var whole = await Check();
        Assert.Empty(whole.Problems);
        Assert.InRange(storage.Longest, 1, LongestRead);
        // Folders are walked beside it, and read their few blocks.
        Assert.InRange(storage.Read, packs.Sum(file => file.Length), packs.Sum(file => file.Length) + (1 << 20));

        var content = await File.ReadAllBytesAsync(pack.FullName);
        content[(int)(content.Length * where)] ^= 1;
        await File.WriteAllBytesAsync(pack.FullName, content);

        var problem = Assert.Single((await Check()).Problems);
        Assert.Equal((DamageKind.DamagedBlocks, pack.Name), (problem.Kind, problem.Pack.ToString()));
        Assert.Contains("/noise", Assert.Single(problem.Affected), StringComparison.Ordinal);

        async Task<CheckReport> Check()
        {
            using var repository = await TestRepository.Open(storage);
            return await repository.Check(new CheckOptions { ReadData = true }, null, default);
        }
    }

    [Theory]
    [InlineData("overlap", DamageKind.DamagedBlocks)]
    [InlineData("beyond", DamageKind.DamagedBlocks)]
    [InlineData("gap", DamageKind.MissingIndexEntry)]
    [InlineData("upside down", null)]
    public async Task An_index_that_is_wrong_about_a_pack_is_found_out(string how, DamageKind? damage)
    {
        await using var ours = await TestRepository.Create();
        await ours.BackUp(("noise", Some.Noise(3_000_000)));
        var file = Directory.GetFiles(Path.Combine(ours.Folder, "data"), "*", SearchOption.AllDirectories).MaxBy(name => new FileInfo(name).Length)!;
        var (master, _, _) = await RepositoryKeys.Open(ours.Storage, TestRepository.Password, default);
        using var store = new ObjectStore(ours.Storage, master!, 2, TimeProvider.System);
        var content = await File.ReadAllBytesAsync(file);
        var codec = store.RentCodec();
        var blobs = PackHeader.TryRead(content, codec.Sealer)!;
        store.Return(codec);
        var last = blobs[^1];
        var id = ObjectId.Of(content);
        using var check = new PackCheck(store);
        Assert.Null(await check.Verify(new IndexedPack(id, blobs), content.Length, default));

        List<BlobEntry> listed = how switch
        {
            "overlap" => [.. blobs[..^1], last with { Offset = last.Offset - 100 }],
            "gap" => [.. blobs[..^2], last],
            "beyond" => [.. blobs[..^1], last with { Offset = (uint)content.Length - 10 }],
            _ => [.. blobs.AsEnumerable().Reverse()],
        };
        var found = await check.Verify(new IndexedPack(id, listed), content.Length, default);

        Assert.Equal(damage, found?.Kind);
        Assert.Equal(damage is DamageKind.DamagedBlocks ? 1 : 0, found?.Blobs.Count(blob => blob.Id == last.Id) ?? 0);
    }
}
