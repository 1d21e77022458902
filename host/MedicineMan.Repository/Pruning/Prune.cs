using MedicineMan.Repository.Locking;
using MedicineMan.Repository.Storing;

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
        var report = PrunePlan.Decide(survey, options, store.Version);
        if (!options.DryRun)
        {
            held.ThrowIfLost();
            await new PruneWork(store, survey, options, held, progress).Run(cancel);
        }

        return report;
    }
}
