using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Repository.Tests.Formats;
using MedicineMan.Sdk.Storage;
using MedicineMan.Sdk.Testing.Storage;

namespace MedicineMan.Repository.Tests.BackingUp;

/// <summary>Measures what the whole process takes, so nothing else may run beside it.</summary>
[CollectionDefinition(nameof(AloneCollection), DisableParallelization = true)]
public sealed class AloneCollection;

[Collection(nameof(AloneCollection))]
public sealed class MemoryTests(Xunit.Abstractions.ITestOutputHelper output)
{
    private const int BytesPerBlob = 32;
    private const int MostForNew = 600;
    private const int MostForKnown = 150;

    /// <summary>MEDICINEMAN_INDEX_BLOBS says how many, ten million for instance.</summary>
    [Fact]
    public void Two_million_blobs_take_little_memory_and_are_found_fast()
    {
        var blobs = Environment.GetEnvironmentVariable("MEDICINEMAN_INDEX_BLOBS") is { Length: > 0 } set ? int.Parse(set, CultureInfo.InvariantCulture) : 2_000_000;
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var index = new BlobIndex();
        var adding = Stopwatch.StartNew();
        var random = new Random(1);
        for (var added = 0; added < blobs; added += 250)
        {
            index.Add([IndexTests.Pack(random, 250)]);
        }

        adding.Stop();
        var bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)blobs;

        var finding = Stopwatch.StartNew();
        random = new Random(1);
        var found = 0;
        for (var i = 0; i < blobs; i++)
        {
            // Drawn in the order they were made in, with a pack's id and its lengths in between.
            var id = IndexTests.SomeId(random);
            found += index.TryFind(BlobKind.Data, id, out _) ? 1 : 0;
            random.Next(10_000, 60_000);
            if (i % 250 == 249)
            {
                IndexTests.SomeId(random);
            }
        }

        finding.Stop();
        var missing = Stopwatch.StartNew();
        random = new Random(2);
        for (var i = 0; i < blobs; i++)
        {
            Assert.False(index.TryFind(BlobKind.Data, IndexTests.SomeId(random), out _));
        }

        missing.Stop();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{blobs} blobs: {bytes:F1} bytes each, added {blobs / adding.Elapsed.TotalSeconds:F0}/s, found {blobs / finding.Elapsed.TotalSeconds:F0}/s, missed {blobs / missing.Elapsed.TotalSeconds:F0}/s"));
        Assert.Equal(blobs, found);
        Assert.True(bytes < BytesPerBlob, $"{bytes:F1} bytes a blob");
        GC.KeepAlive(index);
    }

    [Fact]
    public async Task A_blob_costs_no_allocation_beyond_its_lines_in_the_books()
    {
        await using var storage = new ForgetfulStorage();
        using var repository = await BackupRepository.Initialise(storage, TestRepository.Password, TestRepository.Cheap, TimeProvider.System, default);

        var (perNew, added) = await Measure();
        var (perKnown, none) = await Measure();

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{perNew:F0} bytes allocated for a new blob, {perKnown:F0} for a known one"));
        Assert.InRange(added, 1000, 10_000);
        Assert.Equal(0, none);
        Assert.InRange(perNew, 0, MostForNew);
        Assert.InRange(perKnown, 0, MostForKnown);

        async Task<(double PerBlob, long New)> Measure()
        {
            await using var session = await repository.BeginSnapshot(TestRepository.Options(), default);
            await using var source = new MeteredNoise(384 << 20, 32 << 20);
            await session.AddStream(["noise"], source, Chunking.ChunkProfile.Stream, default);
            var committed = await session.Commit(default);
            // The first readings see buffers that are still growing; a later one can, by chance, see one more.
            var least = source.Readings.Zip(source.Readings.Skip(1), (before, after) => after - before).Skip(1).Min();
            return (least / (double)(32 << 20) * Chunking.ChunkProfile.Stream.Average, committed.Statistics.DataBlobs);
        }
    }

    /// <summary>Content of which no block is like another, and how much the process had allocated at every so many bytes of it.</summary>
    private sealed class MeteredNoise(long length, long every) : Stream
    {
        private readonly byte[] noise = Some.Noise(1 << 20);
        private long position;

        public List<long> Readings { get; } = [];

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => length;

        public override long Position { get => position; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            if (position % every == 0)
            {
                Readings.Add(GC.GetTotalAllocatedBytes(precise: true));
            }

            var at = (int)(position % noise.Length);
            var read = (int)Math.Min(Math.Min(count, length - position), noise.Length - at);
            var change = (byte)(position / noise.Length);
            for (var i = 0; i < read; i++)
            {
                buffer[offset + i] = (byte)(noise[at + i] ^ change ^ (position / noise.Length >> 8));
            }

            position += read;
            return read;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            System.Runtime.InteropServices.MemoryMarshal.TryGetArray<byte>(buffer, out var array);
            return ValueTask.FromResult(Read(array.Array!, array.Offset, array.Count));
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    /// <summary>Keeps everything but packs, so that nothing of a backup but the engine's own work is measured.</summary>
    private sealed class ForgetfulStorage : IStorageBackend
    {
        private readonly MemoryStorage inner = new();

        public string Location => inner.Location;

        public Task<bool> PutAsync(string key, ReadOnlySequence<byte> content, CancellationToken cancel) =>
            key.StartsWith("data/", StringComparison.Ordinal) ? Task.FromResult(true) : inner.PutAsync(key, content, cancel);

        public Task ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancel) => inner.ReadAsync(key, offset, destination, cancel);

        public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancel) => inner.ListAsync(prefix, cancel);

        public Task<bool> DeleteAsync(string key, CancellationToken cancel) => inner.DeleteAsync(key, cancel);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
