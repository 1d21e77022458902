namespace MedicineMan.Repository.Patching;

/// <summary>
/// Where a part of a large stream ends: at the first block's end after 40 MiB that is also the end of a row, so that an insertion moves no later
/// parts. Streams without rows end where the anchor says so.
/// </summary>
internal static class PartCut
{
    /// <summary>No part is larger, in bytes.</summary>
    public const int Largest = 64 << 20;

    private const int Smallest = 40 << 20;
    private const int RowsWanted = 54 << 20;
    private const ulong OneOf32 = 31;

    /// <summary>Whether a part ends at a block's end.</summary>
    /// <param name="part">From the part's start to the block's end.</param>
    /// <param name="nextBlock">How long the next block may be.</param>
    public static bool IsAt(ReadOnlySpan<byte> part, int nextBlock) =>
        part.Length >= Smallest
        && (part[^1] == '\n' || (part.Length >= RowsWanted && (Anchor.Of(part) & OneOf32) == 0) || part.Length > Largest - nextBlock);
}
