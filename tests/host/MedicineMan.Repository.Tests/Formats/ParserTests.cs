using System.Globalization;
using System.Text;
using MedicineMan.Repository.Crypto;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Tests.Fixtures;

namespace MedicineMan.Repository.Tests.Formats;

public sealed class ParserTests
{
    [Fact]
    public void Garbage_is_refused_and_nothing_else_happens()
    {
        var tree = new TreeWriter();
        tree.Add(new TreeNode { Name = "a\"b", Type = "file", Content = [ObjectId.Of("x"u8)], User = "root" });
        var documents = new[]
        {
            tree.Finish().ToArray(),
            IndexDocument.Write([new IndexedPack(ObjectId.Of("p"u8), [new BlobEntry(ObjectId.Of("b"u8), BlobKind.Data, 0, 0, 100, 300)])], new()).ToArray(),
            new SnapshotDocument { Time = "2026-01-01T00:00:00Z", Tree = ObjectId.Of("t"u8).ToString() }.Write(),
        };
        var random = new Random(5);
        var refused = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var document = documents[i % documents.Length].ToArray();
            for (var change = random.Next(1, 5); change > 0; change--)
            {
                document[random.Next(document.Length)] = (byte)random.Next(256);
            }

            document = document[..random.Next(document.Length + 1)];
            refused += Refused(() => TreeReader.Read(document, default));
            refused += Refused(() => IndexDocument.Read(document, default));
            refused += Refused(() => SnapshotEntry.From(default, SnapshotDocument.Read(document, default)));
            PackHeader.TryParse(document);
        }

        Assert.InRange(refused, 20_000, 60_000);
    }

    [Fact]
    public void Sealed_bytes_that_were_changed_anywhere_do_not_open()
    {
        using var sealer = new Sealer(MasterKey.Random());
        var plain = Some.Noise(100);
        var stored = new byte[plain.Length + Sealer.Overhead];
        sealer.Seal(plain, stored);
        var opened = new byte[plain.Length];
        Assert.True(sealer.TryOpen(stored, opened));
        Assert.Equal(plain, opened);

        for (var i = 0; i < stored.Length; i++)
        {
            stored[i] ^= 1;
            Assert.False(sealer.TryOpen(stored, opened));
            stored[i] ^= 1;
        }

        Assert.False(sealer.TryOpen(stored.AsSpan(1), opened));
        Assert.False(sealer.TryOpen([], opened));
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a\"b\\c", "a\\\"b\\\\c")]
    [InlineData("new\nline\t\a", "new\\nline\\t\\a")]
    [InlineData("ä日😀", "ä日😀")]
    [InlineData("\u007f\u0001", "\\x7f\\x01")]
    [InlineData("\u00a0\u200b\u00ad", "\\u00a0\\u200b\\u00ad")]
    [InlineData("\U000e0001", "\\U000e0001")]
    public void Names_are_quoted_as_Go_quotes_them(string name, string quoted)
    {
        Assert.Equal(quoted, GoQuote.Quote(name));
        Assert.True(GoQuote.TryUnquote(quoted, out var back));
        Assert.Equal(name, back);
    }

    [Fact]
    public void A_byte_that_is_not_UTF8_is_quoted_as_a_byte() => Assert.Equal("x\\xffy", GoQuote.Quote(FileName.Decode([(byte)'x', 0xFF, (byte)'y'])));

    [Fact]
    public void Every_name_of_any_bytes_survives_the_string_and_the_quotes()
    {
        var random = new Random(3);
        for (var i = 0; i < 5000; i++)
        {
            var bytes = new byte[random.Next(1, 40)];
            random.NextBytes(bytes);
            var name = FileName.Decode(bytes);
            Assert.Equal(bytes, FileName.Encode(name));
            Assert.True(GoQuote.TryUnquote(GoQuote.Quote(name), out var back));
            Assert.Equal(name, back);
        }
    }

    [Theory]
    [InlineData("2014-12-22T14:47:59.912418701+01:00", "2014-12-22T13:47:59.912418701Z")]
    [InlineData("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z")]
    [InlineData("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.5Z")]
    public void Times_are_read_and_written_to_the_nanosecond(string text, string utc)
    {
        Assert.True(UnixTime.TryParse(text, out var time));
        Assert.Equal(utc, time.ToString());
    }

    // The runtime's own formatting is the other side.
    [Fact]
    public void Times_written_in_one_way_are_read_in_both()
    {
        var random = new Random(4);
        for (var i = 0; i < 20_000; i++)
        {
            var time = new UnixTime(random.NextInt64(-62_000_000_000, 250_000_000_000), i % 3 == 0 ? 0 : random.Next(1_000_000_000) / (i % 7 == 0 ? 1000 : 1) * (i % 7 == 0 ? 1000 : 1));
            var expected = time.ToDateTimeOffset().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture)
                + (time.Nanoseconds == 0 ? "" : "." + time.Nanoseconds.ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0')) + "Z";

            Assert.Equal(expected, time.ToString());
            Assert.True(UnixTime.TryParse(expected, out var slow));
            Assert.True(UnixTime.TryParseUtc(Encoding.ASCII.GetBytes(expected), out var fast));
            Assert.Equal((time, time), (slow, fast));
        }

        Assert.All(
            (string[])["", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00.x Z", "2026-01-01T00:00:00+01:00", "20x6-01-01T00:00:00Z"],
            text => Assert.False(UnixTime.TryParseUtc(Encoding.ASCII.GetBytes(text), out _)));
    }

    // Their order in bytes is what Encode gives.
    [Fact]
    public void Names_are_ordered_as_their_bytes()
    {
        var random = new Random(6);
        for (var i = 0; i < 20_000; i++)
        {
            var (left, right) = (Name(), Name());
            Assert.Equal(Math.Sign(FileName.Encode(left).AsSpan().SequenceCompareTo(FileName.Encode(right))), Math.Sign(FileName.Compare(left, right)));
        }

        string Name() => string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(6) switch { 0 => "a", 1 => "ä", 2 => "\uFFEE", 3 => "😀", 4 => "\uDCFF", _ => "b" }));
    }

    [Fact]
    public void The_index_finds_every_blob_and_no_other()
    {
        var index = new BlobIndex();
        var ids = Enumerable.Range(0, 5000).Select(i => ObjectId.Of(Encoding.ASCII.GetBytes($"{i}"))).ToList();
        foreach (var part in ids.Chunk(17))
        {
            index.Add([new IndexedPack(part[0], [.. part.Select((id, i) => new BlobEntry(id, BlobKind.Data, 0, (uint)i, 100, 0))])]);
        }

        Assert.All(ids, id => Assert.True(index.TryFind(BlobKind.Data, id, out var found) && found.Id == id));
        Assert.DoesNotContain(ids, id => index.TryFind(BlobKind.Tree, id, out _));
        Assert.False(index.TryFind(BlobKind.Data, ObjectId.Of("other"u8), out _));
        Assert.Equal(ids.Count, index.BlobCount);
        Assert.False(index.TryClaim(BlobKind.Data, ids[0]));
        Assert.True(index.TryClaim(BlobKind.Data, ObjectId.Of("other"u8)));
        Assert.False(index.TryClaim(BlobKind.Data, ObjectId.Of("other"u8)));
    }

    private static int Refused(Action parse)
    {
        try
        {
            parse();
            return 0;
        }
        catch (DamagedException)
        {
            return 1;
        }
    }
}
