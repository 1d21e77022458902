using MedicineMan.Repository.Storing;

namespace MedicineMan.Repository.Writing;

/// <summary>
/// Chooses zstd's level by the data: the fastest whose result is about as small as the best one's. Tried anew every so often, because a dump's
/// tables differ.
/// </summary>
internal sealed class LevelChoice
{
    private const int TryEvery = 256;
    private const int Thorough = 3;
    private static readonly int[] ForSmall = [1, 2, Thorough];
    private static readonly int[] ForLarge = [1, Thorough];

    private const int SmallestTried = 1024;

    // What holds for files of a few lines says little of the others.
    private const int Tiny = 4096;

    // Thoroughness must earn its time: up to a third more.
    private const double Worth = 0.01;

    private readonly Choice tiny = new();
    private readonly Choice others = new();

    public int For(ReadOnlySpan<byte> blob, BlobCodec codec)
    {
        // What is smaller takes next to no time whatever the level, and says little about its like.
        if (blob.Length < SmallestTried)
        {
            return Thorough;
        }

        var choice = blob.Length < Tiny ? tiny : others;
        if (choice.IsDue(TryEvery))
        {
            choice.Level = Best(blob, codec);
        }

        return choice.Level;
    }

    private static int Best(ReadOnlySpan<byte> blob, BlobCodec codec)
    {
        var levels = blob.Length <= ZstdTables.Small ? ForSmall : ForLarge;
        Span<int> lengths = stackalloc int[levels.Length];
        var shortest = int.MaxValue;
        for (var i = 0; i < levels.Length; i++)
        {
            lengths[i] = codec.CompressedLength(blob, levels[i]);
            shortest = Math.Min(shortest, lengths[i]);
        }

        var enough = 0;
        while (lengths[enough] * (1 - Worth) > shortest)
        {
            enough++;
        }

        return levels[enough];
    }

    private sealed class Choice
    {
        private int blobs = -1;
        private volatile int level = 1;

        public int Level { get => level; set => level = value; }

        public bool IsDue(int every) => Interlocked.Increment(ref blobs) % every == 0;
    }
}
