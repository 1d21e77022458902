namespace MedicineMan.Repository.Chunking;

/// <summary>How finely a source is cut. Readers never care; equal profiles are what lets later backups find equal blocks.</summary>
public sealed record ChunkProfile
{
    private ChunkProfile(int minimum, int average, int maximum, int slab)
    {
        Minimum = minimum;
        Average = average;
        Maximum = maximum;
        SlabSize = slab;
    }

    /// <summary>32, 128 and 512 KiB, for database dumps: scattered row changes then cost little new data.</summary>
    public static ChunkProfile Stream { get; } = new(32 << 10, 128 << 10, 512 << 10, 2 << 20);

    /// <summary>256 KiB, 1 and 2 MiB, for files. Two blocks in a hundred would be larger, and every buffer on the way must hold the largest.</summary>
    public static ChunkProfile File { get; } = new(256 << 10, 1 << 20, 2 << 20, 2 << 20);

    /// <summary>No block but the last of a stream is smaller, in bytes.</summary>
    public int Minimum { get; }

    /// <summary>What blocks tend to, in bytes; a power of two.</summary>
    public int Average { get; }

    /// <summary>No block is larger, in bytes.</summary>
    public int Maximum { get; }

    /// <summary>Bytes that are read at once; at least the maximum, and some multiple of the average, or the rest carried over would be copied too often.</summary>
    internal int SlabSize { get; }
}
