namespace MedicineMan.Repository.Storing;

/// <summary>
/// Compresses a part against an earlier one and back: the same frames that <c>zstd --patch-from</c> writes and reads. One thread at a time.
/// </summary>
internal sealed class ZstdPatch : IDisposable
{
    /// <summary>The largest part: stock zstd refuses windows of more than 128 MiB unless told otherwise.</summary>
    public const int LargestPart = 1 << WindowLog;

    private const int WindowLog = 27;

    // zstd.h's numbers: level, windowLog, enableLongDistanceMatching, checksumFlag. Far matches are found by the long-distance matcher, whatever
    // the level: on a dump with every 100th row changed levels 1 to 3 gave the same size, and 1 was the fastest.
    private static readonly (int Parameter, int Value)[] Parameters = [(100, 1), (101, WindowLog), (160, 1), (201, 1)];

    private readonly SystemZstdPatch? system;
    private readonly ManagedZstdPatch? managed;

    public ZstdPatch(bool withoutSystem = false)
    {
        if (LibZstd.IsThere && !withoutSystem)
        {
            system = new SystemZstdPatch(Parameters);
        }
        else
        {
            managed = new ManagedZstdPatch(Parameters);
        }
    }

    /// <returns>The patch's length, or -1 when it would be longer than the destination.</returns>
    public int Compress(ReadOnlySpan<byte> basis, ReadOnlySpan<byte> part, Span<byte> destination) =>
        system?.Compress(basis, part, destination) ?? managed!.Compress(basis, part, destination);

    /// <returns>The part's length, or -1 when this is no patch to this base or the destination is too small.</returns>
    public int Decompress(ReadOnlySpan<byte> basis, ReadOnlySpan<byte> patch, Span<byte> destination) =>
        system?.Decompress(basis, patch, destination) ?? managed!.Decompress(basis, patch, destination);

    public void Dispose()
    {
        system?.Dispose();
        managed?.Dispose();
    }
}
