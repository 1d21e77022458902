namespace MedicineMan.Repository.Pruning;

/// <summary>Which packs go, which are written anew for what lies in them, and which stay. Most is gained first, until what is left is little enough.</summary>
internal static class PrunePlan
{
    public const long PackSize = 16 << 20;
    private const double Small = 0.8;

    public static PruneReport Decide(Survey survey, PruneOptions options, int version)
    {
        var packs = survey.Packs.Values;
        foreach (var pack in packs)
        {
            pack.Fate = pack.Used.Blobs == 0 ? PackFate.Remove : PackFate.Keep;
        }

        var left = packs.Where(pack => pack.Fate == PackFate.Keep).Sum(pack => pack.Unused.Bytes);
        var bearable = options.MaxUnused.For(packs.Sum(pack => pack.Used.Bytes));
        var repacked = 0L;
        foreach (var (pack, isMust) in Candidates(survey, options, version))
        {
            if ((isMust || left > bearable) && repacked + pack.Used.Bytes <= options.MaxRepackBytes)
            {
                pack.Fate = PackFate.Repack;
                repacked += pack.Used.Bytes;
                left -= pack.Unused.Bytes;
            }
        }

        return Report(survey);
    }

    private static IEnumerable<(PackTally Pack, bool IsMust)> Candidates(Survey survey, PruneOptions options, int version)
    {
        var kept = survey.Packs.Values.Where(pack => pack.Fate == PackFate.Keep).ToList();
        var small = options.RepackSmall
            ? kept.Where(pack => pack.StoredLength < PackSize * Small).GroupBy(pack => pack.HasTrees).Where(kind => kind.Count() > 1).SelectMany(kind => kind).ToHashSet()
            : [];
        bool IsMust(PackTally pack) =>
            (pack.HasTrees && pack.HasData) || small.Contains(pack) || (options.RepackUncompressed && version > 1 && pack.HasUncompressed);
        return kept.Select(pack => (Pack: pack, IsMust: IsMust(pack)))
            .Where(candidate => candidate.IsMust || candidate.Pack.Unused.Bytes > 0)
            .OrderByDescending(candidate => candidate.IsMust)
            .ThenByDescending(candidate => candidate.Pack.HasTrees)
            .ThenByDescending(candidate => candidate.Pack.Unused.Bytes / (double)candidate.Pack.Used.Bytes);
    }

    private static PruneReport Report(Survey survey)
    {
        var packs = survey.Packs.Values.ToList();
        var (keep, repack, remove) = (Of(PackFate.Keep), Of(PackFate.Repack), Of(PackFate.Remove));
        var repacked = Sum(repack, pack => pack.Used);
        return new PruneReport
        {
            Used = Sum(packs, pack => pack.Used),
            Unused = Sum(packs, pack => pack.Unused),
            Removed = Sum(remove, pack => pack.Unused),
            Repacked = repacked,
            Kept = Sum(keep, pack => pack.Unused),
            PacksRemoved = remove.Count(pack => pack.StoredLength >= 0) + survey.Unreferenced.Count,
            PacksUnreferenced = survey.Unreferenced.Count,
            PacksRepacked = repack.Count,
            PacksKept = keep.Count,
            BytesFreed = remove.Concat(repack).Sum(pack => Math.Max(0, pack.StoredLength)) + survey.Unreferenced.Sum(pack => pack.Length) - repacked.Bytes,
        };

        List<PackTally> Of(PackFate fate) => packs.FindAll(pack => pack.Fate == fate);
    }

    private static PruneAmount Sum(List<PackTally> packs, Func<PackTally, PruneAmount> amount) =>
        new(packs.Sum(pack => amount(pack).Blobs), packs.Sum(pack => amount(pack).Bytes));
}
