using MedicineMan.Repository.Chunking;
using MedicineMan.Repository.Crypto;
using MedicineMan.Repository.Tests.Fixtures;

namespace MedicineMan.Repository.Tests.Formats;

public sealed class ChunkerTests
{
    private static readonly Chunker Chunker = new(MasterKey.FromBytes(Some.Noise(64)));

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Blocks_keep_their_bounds_and_make_up_the_whole(int seed)
    {
        var random = new Random(seed);
        var profile = seed % 2 == 0 ? ChunkProfile.Stream : ChunkProfile.File;
        var content = (seed % 4) switch
        {
            0 or 1 => Some.Noise(random.Next(20_000_000), seed),
            2 => Some.Rows(random.Next(100_000), seed),
            _ => new byte[random.Next(20_000_000)],
        };

        var cuts = Cuts(content, profile);

        Assert.Equal(content.Length, cuts.Sum());
        Assert.All(cuts, length => Assert.InRange(length, 1, profile.Maximum));
        Assert.All(cuts.SkipLast(1), length => Assert.InRange(length, profile.Minimum, profile.Maximum));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void An_edit_changes_only_the_blocks_around_it(int seed)
    {
        var random = new Random(seed);
        var before = Some.Noise(4_000_000, seed);
        var at = random.Next(before.Length);
        byte[] after = [.. before[..at], .. Some.Noise(random.Next(1, 300), seed + 1), .. before[(at + random.Next(0, Math.Min(300, before.Length - at)))..]];

        var known = Ids(before).ToHashSet();
        var changed = Ids(after).Count(id => !known.Contains(id));

        Assert.InRange(changed, 1, 8);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void However_little_is_seen_of_a_stream_a_cut_that_is_found_is_the_cut(int seed)
    {
        var profile = ChunkProfile.Stream;
        var content = Some.Noise(profile.Maximum * 2, seed);
        var cut = Chunker.FirstCut(content, profile);
        foreach (var seen in (int[])[0, 1, profile.Minimum, cut - 1, cut, cut + 1, profile.Maximum, content.Length])
        {
            Assert.Equal(seen < cut ? 0 : cut, Chunker.FirstCutWithin(content.AsSpan(0, seen), profile));
        }

        Assert.Equal(0, Chunker.FirstCutWithin(new byte[profile.Maximum - 1], profile));
        Assert.Equal(profile.Maximum, Chunker.FirstCutWithin(new byte[profile.Maximum], profile));
    }

    [Fact]
    public void The_average_is_about_what_the_profile_says()
    {
        var cuts = Cuts(Some.Noise(64_000_000), ChunkProfile.Stream);
        Assert.InRange(cuts.Average(), 100_000, 180_000);
    }

    [Fact]
    public void Another_key_cuts_elsewhere()
    {
        var content = Some.Noise(1_000_000);
        var other = new Chunker(MasterKey.FromBytes(Some.Noise(64, seed: 2)));
        Assert.NotEqual(Chunker.FirstCut(content, ChunkProfile.Stream), other.FirstCut(content, ChunkProfile.Stream));
    }

    private static List<int> Cuts(byte[] content, ChunkProfile profile)
    {
        var cuts = new List<int>();
        for (var at = 0; at < content.Length; at += cuts[^1])
        {
            cuts.Add(Chunker.FirstCut(content.AsSpan(at), profile));
        }

        return cuts;
    }

    private static List<ObjectId> Ids(byte[] content)
    {
        var at = 0;
        return Cuts(content, ChunkProfile.Stream).ConvertAll(length => ObjectId.Of(content.AsSpan((at += length) - length, length)));
    }
}
