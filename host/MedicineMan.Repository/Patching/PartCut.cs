namespace MedicineMan.Repository.Patching;

/// <summary>
/// Where a part of a large stream ends: at the first block's end after 20 MiB that is also the end of a row, so that an insertion moves no later
/// parts. Streams without rows end where the anchor says so.
/// </summary>
internal static class PartCut
{
    /// <summary>No part that is written is larger, in bytes. With twice as large ones a backup took two fifths more memory, and was neither faster nor smaller.</summary>
    public const int Largest = 32 << 20;

    /// <summary>Nor is any that is read: they were that large once.</summary>
    public const int LargestStored = 64 << 20;

    private const int Smallest = 20 << 20;
    private const int RowsWanted = 27 << 20;
    private const ulong OneOf32 = 31;

    /// <summary>Whether a part ends at a block's end.</summary>
    /// <param name="part">From the part's start to the block's end.</param>
    /// <param name="nextBlock">How long the next block may be.</param>
    public static bool IsAt(ReadOnlySpan<byte> part, int nextBlock) =>
        part.Length >= Smallest
        && (part[^1] == '\n' || (part.Length >= RowsWanted && (Anchor.Of(part) & OneOf32) == 0) || part.Length > Largest - nextBlock);
}
