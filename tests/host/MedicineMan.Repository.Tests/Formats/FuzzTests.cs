using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using MedicineMan.Repository.Crypto;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Keys;
using MedicineMan.Repository.Storing;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Testing.Storage;

namespace MedicineMan.Repository.Tests.Formats;

/// <summary>
/// Spoilt documents behind a seal that is right, as a fault of another program would leave them: every parser refuses them in its own words, at once
/// and in little memory. The seeds are the same each time; MEDICINEMAN_FUZZ_SECONDS says how long each parser is tried, MEDICINEMAN_FUZZ_SEED where to begin.
/// </summary>
public sealed class FuzzTests
{
    private const long MostMemory = 8 << 20;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);
    private static readonly double Seconds = Setting("MEDICINEMAN_FUZZ_SECONDS", 0.6);
    private static readonly MasterKey Key = MasterKey.Random();

    [Fact]
    public void Index_documents() => Fuzz(
        [
            IndexDocument.Write([new IndexedPack(Id("p"), [new BlobEntry(Id("a"), BlobKind.Data, 0, 0, 100, 300), new BlobEntry(Id("b"), BlobKind.Tree, 0, 100, 90, 0)])], new()).ToArray(),
            Utf8($$"""{"supersedes":["{{Id("s")}}"],"packs":[{"id":"{{Id("p")}}","blobs":[{"id":"{{Id("a")}}","type":"data","offset":4,"length":32}]}]}"""),
        ],
        document =>
        {
            var index = new BlobIndex();
            index.Add(IndexDocument.Read(document, Id("x")));
            Assert.All(index.ByPack().SelectMany(pack => pack.Blobs), blob => Assert.True(blob.PlainLength <= int.MaxValue / 2));
        });

    [Fact]
    public void Folder_listings()
    {
        var tree = new TreeWriter();
        tree.Add(new TreeNode { Name = "a\"b", Type = "file", Content = [Id("x"), Id("y")], User = "root", Size = 7, Modified = new UnixTime(1, 2) });
        tree.Add(new TreeNode { Name = "dir", Type = "dir", Subtree = Id("z"), Mode = 0x800001FF });
        tree.Add(new TreeNode { Name = "link", Type = "symlink", LinkTarget = "there" });
        Fuzz([tree.Finish().ToArray(), Utf8("""{"nodes":[{"name":"\\xff\\u00e4","type":"symlink","linktarget":"x","linktarget_raw":"/v8=","mtime":"2026-01-01T00:00:00.5+02:00"}]}""")], document =>
        {
            foreach (var node in TreeReader.Read(document, Id("x")))
            {
                _ = SnapshotNode.From(node);
                FileName.Encode(node.Name);
            }
        });
    }

    [Fact]
    public void Snapshots() => Fuzz(
        [
            new SnapshotDocument { Time = "2026-01-01T00:00:00Z", Tree = Id("t").ToString(), Paths = ["/a", "/b"], Hostname = "h", Tags = ["x"] }.Write(),
            Utf8($$"""{"time":"2014-12-22T14:47:59.9+01:00","tree":"{{Id("t")}}","paths":["/"],"hostname":"a","username":"b","uid":1,"gid":2,"excludes":["*"],"original":"{{Id("o")}}","summary":{"backup_start":"2026-01-01T00:00:00Z","backup_end":"x","total_bytes_processed":5} }"""),
        ],
        document =>
        {
            var entry = SnapshotEntry.From(Id("x"), SnapshotDocument.Read(document, Id("x")));
            Assert.DoesNotContain(null, entry.Paths.Concat(entry.Tags).Append(entry.Host).Append(entry.UserName));
        });

    [Fact]
    public void Pack_headers()
    {
        using var sealer = new Sealer(Key);
        var blobs = new[] { new BlobEntry(Id("a"), BlobKind.Data, 0, 0, 100, 300), new BlobEntry(Id("b"), BlobKind.Tree, 0, 100, 90, 0) };
        var header = PackHeader.Write(blobs, sealer);
        var plain = new byte[header.Length - 4 - Sealer.Overhead];
        Assert.True(sealer.TryOpen(header.AsSpan(0, header.Length - 4), plain));
        Fuzz([plain, header], document =>
        {
            if (PackHeader.TryParse(document) is { } found)
            {
                Assert.Equal(found.Select(blob => blob with { Pack = 0 }), IndexDocument.Read(IndexDocument.Write([new IndexedPack(Id("p"), found)], new()).Span, Id("x"))[0].Blobs);
            }

            _ = PackHeader.TryRead(document, sealer);
            var pack = new byte[document.Length + Sealer.Overhead + 4];
            sealer.Seal(document, pack.AsSpan(0, pack.Length - 4));
            BinaryPrimitives.WriteInt32LittleEndian(pack.AsSpan(pack.Length - 4), pack.Length - 4);
            _ = PackHeader.TryRead(pack, sealer);
        });
    }

    [Fact]
    public void Compressed_files()
    {
        using var store = new ObjectStore(new MemoryStorage(), Key, 2, TimeProvider.System);
        using var compressor = new ZstdSharp.Compressor(3);
        Fuzz([[2, .. compressor.Wrap(Some.Rows(200))], [2, .. compressor.Wrap(new byte[100_000])], Utf8("{\"a\":1}")], document => store.Unseal(store.Seal(document), "index/x", static plain => plain.Length));
    }

    [Fact]
    public void Compressed_blobs()
    {
        using var codec = new BlobCodec(Key);
        using var compressor = new ZstdSharp.Compressor(3);
        using var sealer = new Sealer(Key);
        Fuzz([compressor.Wrap(Some.Rows(200)).ToArray(), compressor.Wrap(new byte[100_000]).ToArray()], document =>
        {
            var stored = new byte[document.Length + Sealer.Overhead];
            sealer.Seal(document, stored);
            Assert.True(!codec.TryDecode(stored, 100_000, out var plain) || plain.Length == 100_000);
        });
    }

    [Fact]
    public void Locks() => Fuzz(
        [Utf8("""{"time":"2026-01-01T00:00:00.123456789Z","exclusive":true,"hostname":"h","username":"u","pid":7,"uid":1,"gid":2}""")],
        document =>
        {
            try
            {
                var found = JsonSerializer.Deserialize(document, FormatJson.Relaxed.LockDocument);
                Assert.True(found is null || (found.Hostname is not null && found.Username is not null));
                _ = UnixTime.TryParse(found?.Time, out var time) && time.ToDateTimeOffset() > default(DateTimeOffset);
            }
            catch (JsonException failure)
            {
                // As the lock room reports it.
                throw new DamagedException("The lock is not readable.", failure);
            }
        });

    [Fact]
    public void Keys_and_configs()
    {
        var slot = JsonSerializer.SerializeToUtf8Bytes(KeySlot.Wrap(Key, "secret", new KeyCost(16, 8, 1), "u", "h", DateTimeOffset.UnixEpoch), KeyJson.Default.KeySlot);
        Fuzz([slot], document => Open(document, Utf8($$"""{"version":2,"id":"{{Id("i")}}","chunker_polynomial":"3DA3358B4DC173"}""")));
        Fuzz([Utf8($$"""{"version":2,"id":"{{Id("i")}}","chunker_polynomial":"3DA3358B4DC173"}""")], document => Open(slot, document));
    }

    [Fact]
    public void A_key_that_would_take_an_age_or_all_memory_to_try_is_passed_over()
    {
        Assert.True(Scrypt.AreSane(1 << 15, 8, 100));
        Assert.False(Scrypt.AreSane(1 << 20, 8, 1024));
        Assert.False(Scrypt.AreSane(1 << 30, 1024, 1));
    }

    private static void Open(byte[] slot, byte[] config)
    {
        // What the numbers ask for is another test's matter; here a try must cost little.
        if (Slot(slot) is { } parsed && (!Scrypt.AreSane(parsed.N, parsed.R, parsed.P) || 128L * parsed.N * parsed.R * parsed.P > 1 << 20))
        {
            return;
        }

        var storage = new MemoryStorage();
        using var store = new ObjectStore(storage, Key, 2, TimeProvider.System);
        storage.Objects["keys/" + ObjectId.Of(slot)] = slot;
        storage.Objects["config"] = store.Seal(config);
        try
        {
            using var opened = TestRepository.Open(storage, "secret").GetAwaiter().GetResult();
            Assert.NotNull(opened.Id);
        }
        catch (UserFacingException failure) when (failure.Message.Contains("format version", StringComparison.Ordinal) || failure.Message.Contains("opens none of the", StringComparison.Ordinal))
        {
            throw new DamagedException(failure.Message);
        }
    }

    private static KeySlot? Slot(byte[] json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, KeyJson.Default.KeySlot);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void Fuzz(IReadOnlyList<byte[]> corpus, Action<byte[]> parse)
    {
        Assert.All(corpus, parse);
        var first = (int)Setting("MEDICINEMAN_FUZZ_SEED", 1);
        var tried = Stopwatch.StartNew();
        for (var seed = first; seed < first + 50 || tried.Elapsed.TotalSeconds < Seconds; seed++)
        {
            var document = new Mutations(seed, corpus).Next();
            var before = GC.GetAllocatedBytesForCurrentThread();
            var started = tried.Elapsed;
            try
            {
                parse(document);
            }
            catch (Exception failure) when (failure is DamagedException or NotARepositoryException)
            {
                // As it should be.
            }
            catch (Exception failure)
            {
                Assert.Fail($"Seed {seed}, document {Convert.ToBase64String(document)}: {failure}");
            }

            Assert.True(tried.Elapsed - started < Longest, $"Seed {seed} took {tried.Elapsed - started}.");
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < MostMemory + 100 * document.Length, $"Seed {seed} took {GC.GetAllocatedBytesForCurrentThread() - before} bytes.");
        }

    }

    private static ObjectId Id(string of) => ObjectId.Of(Utf8(of));

    private static byte[] Utf8(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    private static double Setting(string name, double otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? double.Parse(value, CultureInfo.InvariantCulture) : otherwise;
}
