using MedicineMan.Repository.Storing;

namespace MedicineMan.Repository.Writing;

/// <summary>
/// Chooses zstd's level by the data: the fastest whose result is about as small as the best one's. Tried anew every so often, because a dump's
/// tables differ.
/// </summary>
internal sealed class LevelChoice
{
    private const int TryEvery = 256;
    private const int Highest = 3;

    // A level must earn its time: on SQL dumps level 1 is 2.5 times as fast as level 3.
    private const double WorthPerLevel = 0.04;

    private int blobs = -1;
    private volatile int chosen = 1;

    public int For(ReadOnlySpan<byte> blob, BlobCodec codec)
    {
        if (Interlocked.Increment(ref blobs) % TryEvery != 0 || blob.Length < 4096)
        {
            return chosen;
        }

        var best = 1;
        var length = codec.CompressedLength(blob, 1);
        for (var level = 2; level <= Highest && length < blob.Length * 0.97; level++)
        {
            var candidate = codec.CompressedLength(blob, level);
            if (candidate < length * (1 - WorthPerLevel * (level - best)))
            {
                (best, length) = (level, candidate);
            }
        }

        chosen = best;
        return best;
    }
}
