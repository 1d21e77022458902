using MedicineMan.Repository.Storing;

namespace MedicineMan.Repository.Writing;

/// <summary>
/// Chooses zstd's level by the data: the fastest whose result is about as small as the best one's. Tried anew every so often, because a dump's
/// tables differ.
/// </summary>
internal sealed class LevelChoice
{
    private const int TryEvery = 256;
    private const int Levels = 3;

    private const int SmallestTried = 1024;

    // What holds for files of a few lines says little of the others.
    private const int Tiny = 4096;

    // Thoroughness must earn its time: a fifth to a quarter more.
    private const double Worth = 0.012;

    private readonly Choice tiny = new();
    private readonly Choice others = new();

    public int For(ReadOnlySpan<byte> blob, BlobCodec codec)
    {
        // What is smaller says little about its like.
        if (blob.Length < SmallestTried)
        {
            return 2;
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
        Span<int> lengths = stackalloc int[Levels];
        var shortest = int.MaxValue;
        for (var level = 1; level <= Levels; level++)
        {
            lengths[level - 1] = codec.CompressedLength(blob, level);
            shortest = Math.Min(shortest, lengths[level - 1]);
        }

        var enough = 1;
        while (lengths[enough - 1] * (1 - Worth) > shortest)
        {
            enough++;
        }

        return enough;
    }

    private sealed class Choice
    {
        private int blobs = -1;
        private volatile int level = 1;

        public int Level { get => level; set => level = value; }

        public bool IsDue(int every) => Interlocked.Increment(ref blobs) % every == 0;
    }
}
