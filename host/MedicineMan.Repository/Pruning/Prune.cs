using MedicineMan.Repository.Locking;
using MedicineMan.Repository.Storing;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Pruning;

/// <summary>Removes what no snapshot needs.</summary>
internal sealed class Prune(ObjectStore store, PruneOptions options, IProgress<UpkeepProgress>? progress)
{
    public async Task<PruneReport> Run(CancellationToken cancel)
    {
        // For itself alone: what a backup stores is needed by no snapshot until it ends.
        await using var held = await RepositoryLock.Acquire(store, exclusive: true, options.LockPatience, cancel);
        var survey = new Survey(store, progress);
        await survey.Run(cancel);
        if (!survey.HasSnapshots && !options.WithoutGuards && survey.Packs.Count + survey.Unreferenced.Count is > 0 and var packs)
        {
            throw new UserFacingException(
                $"{store.Location} has {packs} packs and no snapshot, so all of them would be removed. Nothing was. Look whether its folder snapshots is all there, or wait for the first backup to end; when everything is to go, prune without guards.");
        }

        var report = PrunePlan.Decide(survey, options, store.Version);
        if (!options.DryRun)
        {
            held.ThrowIfLost();
            await new PruneWork(store, survey, options, held, progress).Run(cancel);
        }

        return report;
    }
}
