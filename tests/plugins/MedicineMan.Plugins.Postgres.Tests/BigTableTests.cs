using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Jobs;
using Xunit.Abstractions;

namespace MedicineMan.Plugins.Postgres.Tests;

/// Measures what the whole process takes, so nothing else may run beside it.
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// A table larger than the memory a dump may take. 96 MB by default; MEDICINEMAN_TEST_TABLE_MB sets another size, for instance 2048.
[Collection(nameof(Alone))]
public sealed class BigTableTests(PostgresFixture postgres, ITestOutputHelper output) : IClassFixture<PostgresFixture>
{
    private static readonly int Megabytes =
        int.TryParse(Environment.GetEnvironmentVariable("MEDICINEMAN_TEST_TABLE_MB"), CultureInfo.InvariantCulture, out var size) ? size : 96;

    [SkippableFact]
    public async Task A_big_table_streams_in_bounded_memory()
    {
        var rows = Megabytes * 4096L;
        await postgres.Create("big", $"create unlogged table big as select i, md5(i::text) || repeat('some text ', 20) as v from generate_series(1, {rows}) i");
        var counter = new Counter();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var processor = Environment.CpuUsage.TotalTime;
        var watch = Stopwatch.StartNew();
        var report = await new PostgresBackup().DumpAsync(postgres.Source, ["big"], counter, default);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{counter.Bytes >> 20} MiB in {watch.Elapsed.TotalSeconds:0.0} s: {counter.Bytes / 1e6 / watch.Elapsed.TotalSeconds:0} MB/s, {(Environment.CpuUsage.TotalTime - processor).TotalSeconds:0.0} s of it our own processor time; managed heap at most {(counter.Heap - before) >> 20} MiB more"));
        Assert.Equal(rows, Assert.Single(report.Items[0].Objects).Rows);
        Assert.True(counter.Heap - before < 16 << 20, $"{(counter.Heap - before) >> 20} MiB of managed memory for a stream");
    }

    private sealed class Counter : IDumpWriter, IProgress<JobProgress>
    {
        private const int Look = 8 << 20;
        private long bytes;
        private long heap;
        private long looked;

        public long Bytes => bytes;

        public long Heap => heap;

        public IProgress<JobProgress> Progress => this;

        public async Task WriteAsync(IReadOnlyList<string> path, PipeReader content, CancellationToken cancel)
        {
            while (await content.ReadAsync(cancel) is var read)
            {
                bytes += read.Buffer.Length;
                content.AdvanceTo(read.Buffer.End);
                if (bytes - looked > Look)
                {
                    // What is held counts, not what waits for its collection: how much that may be depends on the processor's cache.
                    looked = bytes;
                    heap = Math.Max(heap, GC.GetTotalMemory(forceFullCollection: true));
                }

                if (read.IsCompleted)
                {
                    await content.CompleteAsync();
                    return;
                }
            }
        }

        public void Log(string message)
        {
        }

        public void Report(JobProgress value)
        {
        }
    }
}
