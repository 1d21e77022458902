namespace MedicineMan.Repository.Storing;

/// <summary>
/// What zstd is told for one of our three levels, the faster ones first: settings that stay in the processor's nearest caches. Chosen by compressing the same blocks with each in turn:
/// - Of a machine's own files, twice as large tables for small blocks at level 3, zstd's own, yielded 1.6 % less room at 228 MB/s where this ran at 314.
/// - For large blocks the middle one, zstd's fastest way with longer memory and shorter matches, takes an eighth less time than level 3 and 2 % more room.
/// - For the small blocks of dumps 256 places and short matches need the least room where rows repeat themselves: 512 and longer ones took an eighth less time and 1.2 % more room. Where
///   rows do not, 4096 places take a seventh less time than level 3 and 1 % more room; and of files below 8 KiB a third less for as much.
/// </summary>
/// <param name="Level">As zstd knows it.</param>
/// <param name="HashLog">Logarithm of the entries for long matches; 0 for what the level has.</param>
/// <param name="ChainLog">The same for short ones.</param>
/// <param name="MinMatch">Length of a short one.</param>
internal readonly record struct ZstdTables(int Level, int HashLog, int ChainLog, int MinMatch)
{
    // Up to here a block is a small one.
    private const int Small = 256 << 10;

    // zstd.h's numbers: level, hashLog, chainLog, minMatch.
    private const int LevelNumber = 100;
    private const int HashLogNumber = 102;
    private const int ChainLogNumber = 103;
    private const int MinMatchNumber = 105;

    /// <param name="level">1, 2 or 3.</param>
    /// <param name="length">Of the block, in bytes.</param>
    public static ZstdTables For(int level, int length) => level switch
    {
        1 when length <= Small => new(1, 8, 0, 5),
        2 when length <= Small => new(1, 12, 0, 0),
        _ when length <= Small => new(3, 12, 11, 5),
        1 => new(1, 14, 0, 0),
        2 => new(1, 15, 0, 5),
        _ => new(3, 15, 14, 5),
    };

    public IReadOnlyList<(int Parameter, int Value)> Parameters =>
        [(LevelNumber, Level), (HashLogNumber, HashLog), (ChainLogNumber, ChainLog), (MinMatchNumber, MinMatch)];
}
