using MedicineMan.Repository.Storing;

namespace MedicineMan.Repository.Writing;

/// <summary>
/// Chooses zstd's level by the data: the fastest whose result is about as small as the best one's. Tried anew every so often, because a dump's
/// tables differ.
/// </summary>
/// <param name="isOneAfterTheOther">Like comes after like, as in a stream: blocks that compress otherwise than those before are then the next table's, and tried at once.</param>
internal sealed class LevelChoice(bool isOneAfterTheOther = false)
{
    private const int TryEvery = 256;

    // Of blocks that are all unlike, trying each would take longer than it saves.
    private const int TryAtMostEvery = 16;
    private const double Unlike = 1.2;
    private const int Levels = 3;

    private const int SmallestTried = 1024;

    // What holds for files of a few lines says little of the others.
    private const int Tiny = 4096;

    // Thoroughness must earn its time: a fifth to a quarter more. Twice as much made a tree of files 1.4 % larger and took a fiftieth less time.
    private const double Worth = 0.01;

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
        if (choice.IsDue())
        {
            (choice.Level, choice.Share) = Best(blob, codec);
        }

        return choice.Level;
    }

    /// <summary>What became of a block.</summary>
    public void Saw(int length, int stored)
    {
        if (isOneAfterTheOther && length >= Tiny)
        {
            others.Saw((double)stored / length);
        }
    }

    private static (int Level, double Share) Best(ReadOnlySpan<byte> blob, BlobCodec codec)
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

        return (enough, (double)lengths[enough - 1] / blob.Length);
    }

    private sealed class Choice
    {
        private int left;
        private volatile int level = 1;

        public int Level { get => level; set => level = value; }

        /// <summary>Of a block's length, what it took when it was tried.</summary>
        public double Share { get; set; }

        public bool IsDue()
        {
            if (Interlocked.Decrement(ref left) >= 0)
            {
                return false;
            }

            Volatile.Write(ref left, TryEvery - 1);
            return true;
        }

        public void Saw(double share)
        {
            if ((share > Share * Unlike || share < Share / Unlike) && Volatile.Read(ref left) <= TryEvery - TryAtMostEvery)
            {
                Volatile.Write(ref left, 0);
            }
        }
    }
}
