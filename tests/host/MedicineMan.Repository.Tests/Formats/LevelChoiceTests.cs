using System.Text;
using MedicineMan.Repository.Crypto;
using MedicineMan.Repository.Storing;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Repository.Writing;

namespace MedicineMan.Repository.Tests.Formats;

public sealed class LevelChoiceTests
{
    private const int BlockSize = 128 << 10;
    private const int Soon = 20;

    // What does not compress takes the fastest level; of words in any order a thorough one makes less.
    private static readonly byte[] Pictures = Some.Noise(BlockSize);
    private static readonly byte[] Words = Prose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_next_table_of_a_stream_is_tried_soon_and_files_of_all_kinds_are_not_tried_each(bool isStream)
    {
        using var codec = new BlobCodec(MasterKey.FromBytes(Some.Noise(64)));
        var choice = new LevelChoice(isStream);
        var fast = Store(choice, Pictures, codec);
        Assert.NotEqual(fast, Store(new LevelChoice(), Words, codec));
        for (var block = 0; block < Soon; block++)
        {
            Store(choice, Pictures, codec);
        }

        // The first of them shows that the table is another one, and the next is tried.
        Assert.Equal(fast, Store(choice, Words, codec));
        Assert.Equal(isStream, Store(choice, Words, codec) != fast);
    }

    private static int Store(LevelChoice choice, byte[] block, BlobCodec codec)
    {
        var level = choice.For(block, codec);
        choice.Saw(block.Length, codec.CompressedLength(block, level));
        return level;
    }

    private static byte[] Prose()
    {
        var random = new Random(5);
        string[] words = [.. Enumerable.Range(0, 300).Select(_ => new string([.. Enumerable.Range(0, random.Next(3, 11)).Select(_ => (char)random.Next('a', 'z' + 1))]))];
        var text = new StringBuilder(BlockSize);
        while (text.Length < BlockSize)
        {
            text.Append(words[random.Next(words.Length)]).Append(' ');
        }

        return Encoding.ASCII.GetBytes(text.ToString(0, BlockSize));
    }
}
