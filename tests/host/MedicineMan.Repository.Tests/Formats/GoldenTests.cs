using System.Buffers;
using System.IO.Compression;
using System.Security.Cryptography;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Restoring;
using MedicineMan.Repository.Storing;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Repository.Tests.Reference;

namespace MedicineMan.Repository.Tests.Formats;

/// <summary>Repositories made once and kept: what was readable then must be readable for good. And some that others may make, with other sizes than ours.</summary>
public sealed class GoldenTests
{
    private const string Password = "golden";

    [Theory]
    [InlineData("ours-0.1", 2)]
    [InlineData("restic-0.14-version-1", 1)]
    [InlineData("restic-0.14-version-2", 2)]
    public async Task A_repository_made_once_stays_readable(string name, int version)
    {
        await using var scratch = new ScratchFolder();
        await using (var zip = typeof(GoldenTests).Assembly.GetManifestResourceStream($"Golden.{name}.zip")!)
        {
            await ZipFile.ExtractToDirectoryAsync(zip, scratch["repository"]);
        }

        await using var storage = await TestRepository.OpenStorage(scratch["repository"]);
        using var repository = await TestRepository.Open(storage, Password);
        Assert.Equal(version, repository.Version);
        var report = await repository.Check(new CheckOptions { ReadData = true }, null, default);
        Assert.True(report.Passed);
        Assert.Equal(2, report.Snapshots);
        var snapshots = await repository.Snapshots(default).ToListAsync();
        Assert.Equal(["first", "second"], snapshots.SelectMany(snapshot => snapshot.Tags));
        await using (var tree = await repository.OpenSnapshot(snapshots[1].Id.ToString(), default))
        {
            Assert.Equal(
                ["back\\slash", "empty", "folder", "link", "new\nline", "rows", "täglich"],
                (await tree.List(["golden"], default)).Select(node => node.Name).Order(StringComparer.Ordinal));
            Assert.Equal("folder/noise", (await tree.Find(["golden", "link"], default))!.LinkTarget);
            await tree.Restore(new RestoreOptions([], scratch["restored"]), null, default);
        }

        Assert.Equal("f7b16e4ec61ca7e0", Sha256(scratch["restored/golden/rows"]));
        Assert.Equal("9937bf828dd64f11", Sha256(scratch["restored/golden/folder/noise"]));
        Assert.Equal("e3b0c44298fc1c14", Sha256(scratch["restored/golden/empty"]));
        using var reader = ReferenceRepository.Open(scratch["repository"], Password);
        Assert.Empty(reader.Check());
    }

    [SkippableTheory]
    [InlineData(4, 30)]
    [InlineData(128, 150)]
    public async Task Packs_from_4_to_128_MiB_of_restic_are_read_and_checked(int packSize, int mebibytes)
    {
        Restic.SkipUnlessInstalled();
        await using var scratch = new ScratchFolder();
        var content = Some.Noise(mebibytes << 20);
        File.WriteAllBytes(scratch.Write("source/noise", ""), content);
        var restic = new Restic(scratch["repository"], "secret", scratch["home"]);
        await restic.Run("init", "--repository-version", "2");
        await restic.Run("backup", scratch["source"], "--pack-size", $"{packSize}", "--compression", "off");
        var largest = Directory.GetFiles(scratch["repository/data"], "*", SearchOption.AllDirectories).Max(file => new FileInfo(file).Length);
        Assert.InRange(largest, packSize << 20, (packSize + 9) << 20);

        await using var storage = await TestRepository.OpenStorage(scratch["repository"]);
        using var repository = await TestRepository.Open(storage, "secret");
        Assert.True((await repository.Check(new CheckOptions { ReadData = true }, null, default)).Passed);
        await using var tree = await repository.OpenSnapshot("latest", default);
        using var read = new MemoryStream();
        await tree.Dump([.. scratch["source/noise"].Split('/', StringSplitOptions.RemoveEmptyEntries)], read, default);
        Assert.True(content.AsSpan().SequenceEqual(read.GetBuffer().AsSpan(0, (int)read.Length)));
    }

    [SkippableFact]
    public async Task Blocks_from_one_byte_to_forty_mebibytes_in_one_pack_are_read_by_us_and_restic()
    {
        Restic.SkipUnlessInstalled();
        await using var ours = await TestRepository.Create();
        var (key, _, _) = await RepositoryKeys.Open(ours.Storage, TestRepository.Password, default);
        using var store = new ObjectStore(ours.Storage, key!, 2, TimeProvider.System);
        byte[][] blocks = [[1], Some.Noise(40 << 20), Some.Rows(200_000), [2, 3], Some.Noise(1000), Some.Noise(20 << 20, seed: 2)];
        var data = new PackBuffer(BlobKind.Data);
        var ids = blocks.Select(block => Add(data, block)).ToList();
        var root = new TreeWriter();
        root.Add(new TreeNode { Name = "file", Type = "file", Mode = 0x1A4, Size = (ulong)blocks.Sum(block => block.LongLength), Links = 1, Content = ids });
        var trees = new PackBuffer(BlobKind.Tree);
        var tree = Add(trees, root.Finish().ToArray());
        await store.Save(ObjectStore.Index, IndexDocument.Write([await Put(data), await Put(trees)], new()), default);
        await store.Save(ObjectStore.Snapshots, new SnapshotDocument { Time = "2026-01-01T00:00:00Z", Tree = tree.ToString(), Paths = ["/"], Hostname = "h" }.Write(), default);

        await ours.Restic.Run("check", "--read-data");
        Assert.True((await ours.Repository.Check(new CheckOptions { ReadData = true }, null, default)).Passed);
        await using var snapshot = await ours.Repository.OpenSnapshot("latest", default);
        using var read = new MemoryStream();
        await snapshot.Dump(["file"], read, default);
        Assert.True(blocks.SelectMany(block => block).ToArray().AsSpan().SequenceEqual(read.ToArray()));

        ObjectId Add(PackBuffer pack, byte[] block)
        {
            var codec = store.RentCodec();
            var (stored, plain) = codec.Encode(block, 1);
            pack.Add(ObjectId.Of(block), stored.Span, plain);
            store.Return(codec);
            return ObjectId.Of(block);
        }

        async Task<IndexedPack> Put(PackBuffer pack)
        {
            var codec = store.RentCodec();
            pack.Append(PackHeader.Write(pack.Blobs, codec.Sealer));
            store.Return(codec);
            var id = pack.Hash();
            await store.Put(ObjectStore.PackKey(id), new ReadOnlySequence<byte>(pack.Content().ToArray()), default);
            return new IndexedPack(id, pack.Blobs);
        }
    }

    private static string Sha256(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)))[..16];
}
