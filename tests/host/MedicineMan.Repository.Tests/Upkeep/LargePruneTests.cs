using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using MedicineMan.Repository.Checking;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Pruning;
using MedicineMan.Repository.Storing;
using MedicineMan.Repository.Tests.BackingUp;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Sdk.Storage;
using Xunit.Abstractions;

namespace MedicineMan.Repository.Tests.Upkeep;

/// <summary>Memory of a prune by the number of blobs. MEDICINEMAN_BLOBS sets it; ten million for the long run.</summary>
[Collection(nameof(AloneCollection))]
public sealed class LargePruneTests(ITestOutputHelper output)
{
    private const int BlobsPerPack = 300;
    private static readonly int Blobs = int.Parse(Environment.GetEnvironmentVariable("MEDICINEMAN_BLOBS") ?? "300000", CultureInfo.InvariantCulture);

    [Fact]
    public async Task A_prune_holds_about_ten_bytes_a_blob()
    {
        ManyPacks? packs = null;
        await using var ours = await TestRepository.Create(inner => packs = new ManyPacks(inner));
        await ours.BackUp(("rows", Some.Rows(1000)));
        var (master, _, _) = await RepositoryKeys.Open(ours.Storage, TestRepository.Password, default);
        using (var store = new ObjectStore(ours.Storage, master!, 2, TimeProvider.System))
        {
            for (var written = 0; written < Blobs;)
            {
                var file = new List<IndexedPack>();
                for (; file.Count < 100 && written < Blobs; written += BlobsPerPack)
                {
                    file.Add(Pack(written));
                    packs!.Fake.Add((file[^1].Id, PackCheck.LengthOf(file[^1])));
                }

                await store.Save(ObjectStore.Index, IndexDocument.Write(file, new()), default);
            }
        }

        var memory = new HighestMemory();
        var clock = TimeProvider.System.GetTimestamp();
        var report = await ours.Repository.Upkeep.Prune(new PruneOptions { DryRun = true }, memory, default);

        var perBlob = memory.Grown / (double)Blobs;
        output.WriteLine($"{Blobs} blobs in {packs!.Fake.Count} packs: {memory.Grown >> 20} MiB, {perBlob:F1} bytes each, {TimeProvider.System.GetElapsedTime(clock).TotalSeconds:F1} s");
        Assert.InRange(report.Removed.Blobs, Blobs, Blobs + BlobsPerPack);
        // An entry of an index alone takes 40. What reading a few index files at a time takes does not grow with their number.
        Assert.InRange(memory.Grown, 0, 10L * Blobs + (8 << 20));
    }

    private static IndexedPack Pack(int first)
    {
        var blobs = new List<BlobEntry>(BlobsPerPack);
        for (var i = 0; i < BlobsPerPack; i++)
        {
            blobs.Add(new BlobEntry(ObjectId.Of(BitConverter.GetBytes(first + i)), BlobKind.Data, 0, (uint)(i * 50_000), 50_000, 64_000));
        }

        return new IndexedPack(ObjectId.Of(BitConverter.GetBytes((long)first)), blobs);
    }

    private sealed class HighestMemory : IProgress<UpkeepProgress>
    {
        private readonly long before = GC.GetTotalMemory(forceFullCollection: true);
        private int calls;

        public long Grown { get; private set; }

        // Only what is held counts, not what the collector has yet to take.
        public void Report(UpkeepProgress value) => Grown = ++calls % 64 == 0 || value.Done == value.Total ? Math.Max(Grown, GC.GetTotalMemory(forceFullCollection: true) - before) : Grown;
    }

    private sealed class ManyPacks(IStorageBackend inner) : IStorageBackend
    {
        public List<(ObjectId Id, long Length)> Fake { get; } = [];

        public string Location => inner.Location;

        public Task<bool> PutAsync(string key, ReadOnlySequence<byte> content, CancellationToken cancel) => inner.PutAsync(key, content, cancel);

        public Task ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancel) => inner.ReadAsync(key, offset, destination, cancel);

        public Task<bool> DeleteAsync(string key, CancellationToken cancel) => inner.DeleteAsync(key, cancel);

        public ValueTask DisposeAsync() => inner.DisposeAsync();

        public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
        {
            await foreach (var found in inner.ListAsync(prefix, cancel))
            {
                yield return found;
            }

            foreach (var (id, length) in prefix is "data/" ? Fake : [])
            {
                yield return new StoredObject(ObjectStore.PackKey(id), length, default);
            }
        }
    }
}
