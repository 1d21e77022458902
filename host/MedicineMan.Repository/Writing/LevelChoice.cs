using MedicineMan.Repository.Storing;

namespace MedicineMan.Repository.Writing;

/// <summary>
/// Chooses zstd's level by the data: the fastest whose result is about as small as the best one's. Tried anew every so often, because a dump's
/// tables differ.
/// </summary>
internal sealed class LevelChoice
{
    private const int TryEvery = 256;
    private const int Fast = 1;
    private const int Thorough = 3;

    // Thoroughness must earn its time: on SQL dumps level 1 is up to 2.5 times as fast as level 3, and level 2 is no better than either.
    private const double Worth = 0.05;

    private int blobs = -1;
    private volatile int chosen = Fast;

    public int For(ReadOnlySpan<byte> blob, BlobCodec codec)
    {
        if (Interlocked.Increment(ref blobs) % TryEvery != 0 || blob.Length < 4096)
        {
            return chosen;
        }

        var thorough = codec.CompressedLength(blob, Thorough);
        var fast = codec.CompressedLength(blob, Fast);
        chosen = thorough < fast * (1 - Worth) ? Thorough : Fast;
        return chosen;
    }
}
