using MedicineMan.Repository.Patterns;

namespace MedicineMan.Repository.Restoring;

/// <summary>What to restore and where to.</summary>
/// <param name="Path">In the snapshot; empty for all of it.</param>
/// <param name="Target">Folder of this machine, created when missing.</param>
public sealed record RestoreOptions(IReadOnlyList<string> Path, string Target)
{
    /// <summary>What happens to files that exist and are not as in the snapshot. Default: they are problems in the report, and stay as they are.</summary>
    public Overwrite Overwrite { get; init; } = Overwrite.Never;

    /// <summary>Which paths of the snapshot are restored, with all below them: those that one of these matches; empty for all.</summary>
    public IReadOnlyList<PathPatterns> Include { get; init; } = [];

    /// <summary>Which paths of the snapshot are left out, with all below them.</summary>
    public IReadOnlyList<PathPatterns> Exclude { get; init; } = [];

    /// <summary>True to remove what the snapshot does not have from the folders that are restored, as far as the patterns choose it.</summary>
    public bool Delete { get; init; }

    /// <summary>True to change nothing and only tell <see cref="Each"/> what would be done.</summary>
    public bool DryRun { get; init; }

    /// <summary>True to read back from the disk what was written, before it gets its name; and to read what seems to be right already.</summary>
    public bool Verify { get; init; }

    /// <summary>Told what is done to each entry, from several threads.</summary>
    public Action<RestoredEntry>? Each { get; init; }
}

/// <summary>When a file that exists is brought to what the snapshot has.</summary>
public enum Overwrite
{
    /// <summary>Never: what is not as in the snapshot is reported.</summary>
    Never,

    /// <summary>When the snapshot's was changed later.</summary>
    IfNewer,

    /// <summary>When size or time of change differ; then only the blocks that differ are written.</summary>
    IfChanged,

    /// <summary>When the content differs, which is read and compared; only the blocks that differ are written.</summary>
    Always,
}
