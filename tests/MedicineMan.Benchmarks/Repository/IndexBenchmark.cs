using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using MedicineMan.Repository;
using MedicineMan.Repository.Crypto;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Storing;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Benchmarks.Repository;

/// <summary>The index of a large repository: what a blob takes in memory, look-ups a second, and how fast index files are loaded.</summary>
internal static class IndexBenchmark
{
    private const int BlobsPerPack = 250;
    private const int BlobsPerFile = 40_000;

    public static async Task<int> Run(string[] arguments)
    {
        var blobs = arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : 10_000_000;
        Measure(blobs);
        await MeasureLoading(Math.Min(blobs, 2_000_000));
        return 0;
    }

    private static void Measure(int blobs)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var index = new BlobIndex();
        var sample = new List<ObjectId>();
        var random = new Random(1);
        for (var added = 0; added < blobs; added += BlobsPerPack)
        {
            var pack = Pack(random);
            index.Add([pack]);
            sample.Add(pack.Blobs[added / BlobsPerPack % BlobsPerPack].Id);
        }

        var bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        Figure.Print("index.bytes_per_blob", bytes / (double)blobs, null, "<=14", "B");
        Figure.Print("index.found", LookUps(index, [.. sample]), null, ">=500000", "/s");
        Figure.Print("index.missed", LookUps(index, [.. Enumerable.Range(0, sample.Count).Select(_ => Id(random))]), null, ">=1000000", "/s");
    }

    private static double LookUps(BlobIndex index, ObjectId[] ids)
    {
        new Random(3).Shuffle(ids);
        var done = 0;
        var time = Stopwatch.StartNew();
        for (; time.Elapsed.TotalSeconds < 1; done += ids.Length)
        {
            foreach (var id in ids)
            {
                index.TryFind(BlobKind.Data, id, out _);
            }
        }

        return done / time.Elapsed.TotalSeconds;
    }

    private static async Task MeasureLoading(int blobs)
    {
        var storage = new Shelf();
        using var store = new ObjectStore(storage, MasterKey.Random(), 2, TimeProvider.System);
        var random = new Random(2);
        for (var written = 0; written < blobs; written += BlobsPerFile)
        {
            await store.Save(ObjectStore.Index, IndexDocument.Write([.. Enumerable.Range(0, BlobsPerFile / BlobsPerPack).Select(_ => Pack(random))], new()), default);
        }

        using var loader = new IndexLoader(store);
        var time = Stopwatch.StartNew();
        var index = await loader.Current(default);
        Figure.Print("index.loaded", index.BlobCount / time.Elapsed.TotalSeconds, null, ">=500000", "blobs/s");
    }

    private static IndexedPack Pack(Random random)
    {
        var entries = new BlobEntry[BlobsPerPack];
        uint offset = 0;
        for (var i = 0; i < entries.Length; i++)
        {
            entries[i] = new BlobEntry(Id(random), BlobKind.Data, 0, offset, (uint)random.Next(10_000, 60_000), 65_536);
            offset += entries[i].Length;
        }

        return new IndexedPack(Id(random), entries);
    }

    private static ObjectId Id(Random random)
    {
        Span<byte> bytes = stackalloc byte[ObjectId.Size];
        random.NextBytes(bytes);
        return new ObjectId(bytes);
    }

    /// <summary>A storage that costs no time, so that it is the loading that is measured.</summary>
    private sealed class Shelf : IStorageBackend
    {
        private readonly ConcurrentDictionary<string, byte[]> objects = new(StringComparer.Ordinal);

        public string Location => "memory";

        public Task<bool> PutAsync(string key, ReadOnlySequence<byte> content, CancellationToken cancel) => Task.FromResult(objects.TryAdd(key, content.ToArray()));

        public Task ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancel)
        {
            objects[key].AsMemory((int)offset, destination.Length).CopyTo(destination);
            return Task.CompletedTask;
        }

        public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancel) =>
            objects.Where(found => found.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(found => new StoredObject(found.Key, found.Value.Length, default)).ToAsyncEnumerable();

        public Task<bool> DeleteAsync(string key, CancellationToken cancel) => Task.FromResult(objects.TryRemove(key, out _));

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
