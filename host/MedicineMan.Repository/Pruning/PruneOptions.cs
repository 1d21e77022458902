using System.Globalization;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Pruning;

/// <summary>How far a prune goes.</summary>
public sealed record PruneOptions
{
    /// <summary>How much that nothing needs may stay, to save packs from being written anew. Default 5 %.</summary>
    public UnusedLimit MaxUnused { get; init; } = UnusedLimit.Percent(5);

    /// <summary>Bytes of blobs to write anew at most in one go. Default no limit.</summary>
    public long MaxRepackBytes { get; init; } = long.MaxValue;

    /// <summary>True to write packs with blobs of old clients, which did not compress, anew. Default false.</summary>
    public bool RepackUncompressed { get; init; }

    /// <summary>True to join packs below 80 % of the size they should have. Default false.</summary>
    public bool RepackSmall { get; init; }

    /// <summary>True to say what would be done, and do nothing. Takes the lock all the same: only then the answer is right.</summary>
    public bool DryRun { get; init; }

    /// <summary>True to remove all data when no snapshot is left. Default false: that snapshots are not shown is likelier than that nothing is wanted any more.</summary>
    public bool WithoutGuards { get; init; }

    /// <summary>How long to wait for others to release the repository. Default not at all.</summary>
    public TimeSpan LockPatience { get; init; }
}

/// <summary>A bound on bytes that nothing needs: a number, a share of the repository, or none.</summary>
public sealed class UnusedLimit
{
    private readonly Func<long, long> bytes;

    private UnusedLimit(Func<long, long> bytes) => this.bytes = bytes;

    /// <summary>No bound: only packs that nothing needs at all are removed.</summary>
    public static UnusedLimit Unlimited { get; } = new(_ => long.MaxValue);

    /// <summary>So many bytes.</summary>
    public static UnusedLimit Bytes(long most) => new(_ => most);

    /// <summary>So much of the repository as it is afterwards, from 0 up to below 100.</summary>
    public static UnusedLimit Percent(double most) => new(used => (long)(most / (100 - most) * used));

    /// <summary>Reads <c>5%</c>, <c>2G</c> or <c>unlimited</c>.</summary>
    /// <exception cref="UserFacingException">It is something else.</exception>
    public static UnusedLimit Parse(string text) =>
        text is "unlimited" ? Unlimited
        : !text.EndsWith('%') ? Bytes(ParseSize(text))
        : double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent) && percent is >= 0 and < 100 ? Percent(percent)
        : throw new UserFacingException($"\"{text}\" is no share. Write for instance 5%.") { Permanent = true };

    /// <summary>Reads bytes with the suffixes K, M, G and T, each 1024 of the one before.</summary>
    /// <exception cref="UserFacingException">It is something else.</exception>
    public static long ParseSize(string text)
    {
        var power = text.Length == 0 ? -1 : "BKMGT".IndexOf(char.ToUpperInvariant(text[^1]), StringComparison.Ordinal);
        return long.TryParse(power < 0 ? text : text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= long.MaxValue >> (10 * Math.Max(0, power))
            ? number << (10 * Math.Max(0, power))
            : throw new UserFacingException($"\"{text}\" is no size. Write for instance 500M or 2G.") { Permanent = true };
    }

    internal long For(long used) => bytes(used);
}

/// <summary>What a prune did, or would do.</summary>
public sealed record PruneReport
{
    /// <summary>Blobs that a snapshot needs, and their bytes.</summary>
    public required PruneAmount Used { get; init; }

    /// <summary>Blobs that nothing needs, further copies of one included.</summary>
    public required PruneAmount Unused { get; init; }

    /// <summary>Of the unused: those in packs of which nothing is needed, removed at once.</summary>
    public required PruneAmount Removed { get; init; }

    /// <summary>Of the used: those written anew, to get rid of what lies beside them.</summary>
    public required PruneAmount Repacked { get; init; }

    /// <summary>Of the unused: those that stay, because writing their neighbours anew would cost more than they take.</summary>
    public required PruneAmount Kept { get; init; }

    /// <summary>Packs that are removed.</summary>
    public required int PacksRemoved { get; init; }

    /// <summary>Packs among them that no index knew: the rest of interrupted backups.</summary>
    public required int PacksUnreferenced { get; init; }

    /// <summary>Packs that are written anew.</summary>
    public required int PacksRepacked { get; init; }

    /// <summary>Packs that stay as they are.</summary>
    public required int PacksKept { get; init; }

    /// <summary>Bytes that become free, less those written anew.</summary>
    public required long BytesFreed { get; init; }
}

/// <summary>Blobs and what they take.</summary>
/// <param name="Blobs">How many.</param>
/// <param name="Bytes">Stored bytes.</param>
public readonly record struct PruneAmount(long Blobs, long Bytes);
