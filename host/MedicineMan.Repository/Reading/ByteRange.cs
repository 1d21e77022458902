namespace MedicineMan.Repository.Reading;

/// <summary>A stretch of a sequence of bytes.</summary>
/// <param name="Offset">Where it starts.</param>
/// <param name="Length">How long it is.</param>
public readonly record struct ByteRange(long Offset, long Length)
{
    /// <summary>The first byte behind it.</summary>
    public long End => Offset + Length;

    /// <summary>What it has in common with a piece, counted from the piece's start; empty when that is nothing.</summary>
    internal ByteRange Within(long start, long length)
    {
        var from = Math.Clamp(Offset - start, 0, length);
        return new ByteRange(from, Math.Clamp(End - start, from, length) - from);
    }
}
