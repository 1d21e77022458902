using MedicineMan.Repository.Patterns;

namespace MedicineMan.Repository.Sources;

/// <summary>What of the folders that are backed up is left out, and when a file counts as unchanged: all with restic's meaning.</summary>
public sealed record SourceOptions
{
    /// <summary>What matches any of these lists is left out, with all below it.</summary>
    public IReadOnlyList<PathPatterns> Excludes { get; init; } = [];

    /// <summary>
    /// <c>name</c> or <c>name:header</c>: a folder in which a file of this name stands, and starts with the header, is left empty but for that file.
    /// </summary>
    public IReadOnlyList<string> ExcludeIfPresent { get; init; } = [];

    /// <summary>Files of more bytes are left out; null for none.</summary>
    public long? ExcludeLargerThan { get; init; }

    /// <summary>True to leave the places where other file systems are mounted empty.</summary>
    public bool OneFileSystem { get; init; }

    /// <summary>True to trust a file's modification time also where its change time differs.</summary>
    public bool IgnoreChangeTime { get; init; }

    /// <summary>True to trust it also where inode and change time differ, for file systems that number files anew each time.</summary>
    public bool IgnoreInode { get; init; }

    /// <summary>How many files are read side by side: 1 to 64.</summary>
    public int FilesAtOnce { get; init; } = 4;

    /// <summary>Told of each file and of all that is left out, from several threads; null for silence.</summary>
    public Action<SourceItem>? Each { get; init; }

    /// <summary>Cache folders by the standard for tagging them.</summary>
    public const string CacheMarker = "CACHEDIR.TAG:Signature: 8a477f597d28d172789f06886806bc55";
}

/// <summary>Something that was come across.</summary>
/// <param name="Path">Where.</param>
/// <param name="Change">What became of it.</param>
public readonly record struct SourceItem(string Path, SourceChange Change);

/// <summary>What became of a file since the parent snapshot.</summary>
public enum SourceChange
{
    /// <summary>The parent has it not.</summary>
    New,

    /// <summary>The parent has another one, or its content is lost.</summary>
    Changed,

    /// <summary>Taken from the parent without being read.</summary>
    Unchanged,

    /// <summary>Left out, as was asked for.</summary>
    LeftOut,
}

/// <summary>How much sources hold.</summary>
public readonly record struct SourceSize(long Files, long Bytes);
