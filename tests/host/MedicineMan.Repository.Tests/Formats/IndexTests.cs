using MedicineMan.Repository.Crypto;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Storing;
using MedicineMan.Sdk.Testing.Storage;

namespace MedicineMan.Repository.Tests.Formats;

public sealed class IndexTests
{
    [Theory]
    [InlineData(256)]
    // All that is full lies in the file.
    [InlineData(0)]
    public void Whatever_is_added_in_whatever_order_is_found_where_it_lies_and_nothing_else_is(int pagesInMemory)
    {
        var random = new Random(4);
        var index = new BlobIndex(new BlobColumns(pagesInMemory));
        var expected = new Dictionary<(BlobKind, ObjectId), HashSet<(ObjectId Pack, uint Offset, uint Length, uint Plain)>>();
        var ids = Enumerable.Range(0, 3000).Select(i => SomeId(random)).ToList();
        for (var pack = 0; pack < 400; pack++)
        {
            var id = SomeId(random);
            var blobs = new List<BlobEntry>();
            for (uint offset = 0; blobs.Count < 1 + pack % 40;)
            {
                // Gaps, kinds side by side and copies, none of which our own packs have.
                offset += random.Next(10) == 0 ? 1000u : 0;
                var kind = pack % 7 == 0 && random.Next(2) == 0 ? BlobKind.Tree : BlobKind.Data;
                var blob = new BlobEntry(ids[random.Next(ids.Count)], kind, 0, offset, (uint)random.Next(32, 5000), (uint)random.Next(3) * 700);
                blobs.Add(blob);
                offset += blob.Length;
                expected.TryAdd((kind, blob.Id), []);
                expected[(kind, blob.Id)].Add((id, blob.Offset, blob.Length, blob.UncompressedLength));
            }

            var half = blobs.Count / 2;
            var listed = random.Next(3) switch
            {
                0 => [new IndexedPack(id, [.. blobs.OrderBy(_ => random.Next())])],
                1 => [new IndexedPack(id, blobs[half..]), new IndexedPack(id, blobs[..half]), new IndexedPack(id, blobs)],
                _ => new[] { new IndexedPack(id, blobs) },
            };
            index.Add(listed);
        }

        Assert.Equal(expected.Sum(blob => blob.Value.Count), index.BlobCount);
        foreach (var kind in new[] { BlobKind.Data, BlobKind.Tree })
        {
            foreach (var id in ids)
            {
                var places = index.FindAll(kind, id).Select(place => (index.PackId(place.Pack), place.Offset, place.Length, place.UncompressedLength)).ToHashSet();
                Assert.True(places.SetEquals(expected.GetValueOrDefault((kind, id), [])));
                Assert.Equal(places.Count > 0, index.TryFind(kind, id, out var found) && found.Id == id && found.Kind == kind);
            }
        }

        foreach (var pack in index.ByPack())
        {
            Assert.Equal(pack.Blobs.OrderBy(blob => blob.Offset), pack.Blobs);
            Assert.Equal(pack.Blobs, Enumerable.Range(0, pack.Blobs.Count).Select(position => pack.Blobs[position]));
            Assert.All(pack.Blobs, blob => Assert.Contains((pack.Id, blob.Offset, blob.Length, blob.UncompressedLength), expected[(blob.Kind, blob.Id)]));
        }

        for (var number = 0; number < index.BlobCount; number++)
        {
            ExpectPart(index, number);
        }
    }

    private static void ExpectPart(BlobIndex index, int number)
    {
        const int Size = 8192;
        const int Beyond = 5000;
        var blob = index.Entry(number);
        var part = index.Part(number, Size, Beyond);

        // Its neighbours are the numbers beside it, as far as they are of its kind and no gap is between.
        var (first, last) = (number, number);
        while (first > 0 && index.Entry(first - 1) is var before && before.Pack == blob.Pack && before.Kind == blob.Kind && before.Offset + before.Length == index.Entry(first).Offset && before.Offset / Size == blob.Offset / Size)
        {
            first--;
        }

        while (last + 1 < index.BlobCount && index.Entry(last + 1) is var after && after.Pack == blob.Pack && after.Kind == blob.Kind && after.Offset == index.Entry(last).Offset + index.Entry(last).Length
            && after.Offset + after.Length <= (blob.Offset / Size + 1) * Size + Beyond)
        {
            last++;
        }

        Assert.Equal((index.Entry(first).Offset, index.Entry(last).Offset + index.Entry(last).Length), part);
    }

    [Fact]
    public async Task Many_index_files_are_loaded_side_by_side_and_a_damaged_one_is_named()
    {
        var storage = new MemoryStorage();
        using var store = new ObjectStore(storage, MasterKey.Random(), 2, TimeProvider.System);
        var random = new Random(5);
        var packs = Enumerable.Range(0, 60).Select(_ => Pack(random, 500)).ToList();
        foreach (var pack in packs)
        {
            await store.Save(ObjectStore.Index, IndexDocument.Write([pack], new()), default);
        }

        using var loader = new IndexLoader(store);
        var index = await loader.Current(default);
        Assert.Equal(60 * 500, index.BlobCount);
        Assert.All(packs.SelectMany(pack => pack.Blobs), blob => Assert.True(index.TryFind(BlobKind.Data, blob.Id, out var found) && found.Offset == blob.Offset && found.Length == blob.Length));
        Assert.Same(index, await loader.Current(default));

        var victim = storage.Objects.Keys.First();
        storage.Objects[victim] = [.. storage.Objects[victim].Reverse()];
        using var again = new IndexLoader(store);
        Assert.Equal(59 * 500, (await again.Current(default)).BlobCount);
        Assert.Contains(victim, Assert.Single(again.Damaged), StringComparison.Ordinal);
    }

    internal static ObjectId SomeId(Random random)
    {
        Span<byte> bytes = stackalloc byte[ObjectId.Size];
        random.NextBytes(bytes);
        return new ObjectId(bytes);
    }

    internal static IndexedPack Pack(Random random, int blobs)
    {
        var entries = new BlobEntry[blobs];
        uint offset = 0;
        for (var i = 0; i < blobs; i++)
        {
            entries[i] = new BlobEntry(SomeId(random), BlobKind.Data, 0, offset, (uint)random.Next(10_000, 60_000), 65_536);
            offset += entries[i].Length;
        }

        return new IndexedPack(SomeId(random), entries);
    }
}
