namespace MedicineMan.Sdk.Backups;

/// <summary>What to restore, and whereto.</summary>
/// <param name="Item">The item's name in the dump.</param>
/// <param name="Target">The name it gets.</param>
public sealed record RestoreOptions(string Item, string Target)
{
    /// <summary>Names of the objects to restore, as in <see cref="DumpedObject.Name"/>; null for all.</summary>
    public IReadOnlyList<string>? Objects { get; init; }

    /// <summary>True when a person has confirmed that an existing target may be replaced. Default false: an existing target is an error.</summary>
    public bool Replace { get; init; }

    /// <summary>
    /// Name to build under until all is complete; only then does the target get its name. It starts with <c>medicineman_</c>, and the host drops
    /// what an earlier attempt left under it. Null for a <see cref="Scratch"/> restore, which is built under its own name.
    /// </summary>
    public string? WorkName { get; init; }

    /// <summary>True to look at everything and change nothing. Default false.</summary>
    public bool DryRun { get; init; }

    /// <summary>True when the target is thrown away after a proof: owners and grants that the server lacks may be left out. Default false.</summary>
    public bool Scratch { get; init; }
}

/// <summary>What a restore did, or with <see cref="RestoreOptions.DryRun"/> would do.</summary>
/// <param name="Objects">The objects restored with their rows.</param>
/// <param name="Steps">What was done, one sentence each, in order.</param>
/// <param name="Warnings">What a person should look at, for instance roles that did not exist.</param>
public sealed record RestoreReport(
    IReadOnlyList<DumpedObject> Objects, IReadOnlyList<string> Steps, IReadOnlyList<string> Warnings);

/// <summary>What a comparison found.</summary>
/// <param name="Compared">How many of what, for instance <c>tables</c> = 12, <c>rows</c> = 10400, <c>indexes</c> = 9.</param>
/// <param name="Differences">Empty when restored and original agree.</param>
public sealed record ProofReport(IReadOnlyDictionary<string, long> Compared, IReadOnlyList<ProofDifference> Differences)
{
    /// <summary>True when nothing differs.</summary>
    public bool Proven => Differences.Count == 0;
}

/// <summary>One difference.</summary>
/// <param name="Name">The object.</param>
/// <param name="Expected">As captured in the dump.</param>
/// <param name="Found">As restored.</param>
public sealed record ProofDifference(string Name, string Expected, string Found);
