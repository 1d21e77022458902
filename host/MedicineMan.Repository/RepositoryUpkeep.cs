using MedicineMan.Repository.Checking;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Locking;
using MedicineMan.Repository.Pruning;
using MedicineMan.Repository.Repairing;
using MedicineMan.Repository.Retention;
using MedicineMan.Repository.Storing;
using MedicineMan.Sdk;

namespace MedicineMan.Repository;

/// <summary>
/// What keeps a repository small and sound. Whatever removes holds the repository for itself meanwhile, and may be killed at any point: every
/// snapshot that remains restores.
/// </summary>
public sealed class RepositoryUpkeep
{
    private readonly ObjectStore store;
    private readonly IndexLoader indexes;
    private readonly RepositoryKeys keys;
    private readonly ConfigDocument config;

    internal RepositoryUpkeep(ObjectStore store, IndexLoader indexes, RepositoryKeys keys, ConfigDocument config)
    {
        this.keys = keys;
        this.config = config;
        this.store = store;
        this.indexes = indexes;
    }

    /// <summary>Removes snapshots by a rule or by name. Their data stays until a prune.</summary>
    /// <exception cref="UserFacingException">A name stands for none or several, a guard keeps a named one, or the repository is in use.</exception>
    public Task<ForgetReport> Forget(ForgetOptions options, CancellationToken cancel) => new Forgetting(store, options).Run(cancel);

    /// <summary>Removes what no snapshot needs. Memory is 8 bytes a blob; killed anywhere, it leaves nothing worse than blocks stored twice.</summary>
    /// <param name="options">How far to go.</param>
    /// <param name="progress">Told of each step; null for silence.</param>
    /// <param name="cancel">Stops it, as a kill does.</param>
    /// <exception cref="UserFacingException">The repository is in use, or so damaged that a prune could cost more.</exception>
    public Task<PruneReport> Prune(PruneOptions options, IProgress<UpkeepProgress>? progress, CancellationToken cancel) => new Prune(store, options, progress).Run(cancel);

    /// <summary>Brings the index in line with the packs. Never removes a pack.</summary>
    /// <exception cref="UserFacingException">The repository is in use.</exception>
    public Task<IndexRepair> RepairIndex(RepairOptions options, IProgress<UpkeepProgress>? progress, CancellationToken cancel) => new RepairIndex(store, options, progress).Run(cancel);

    /// <summary>Carries what is whole out of damaged packs into new ones. Never removes a pack.</summary>
    /// <exception cref="UserFacingException">The repository is in use, or a name stands for no pack or several.</exception>
    public Task<IndexRepair> RepairPacks(RepairOptions options, IProgress<UpkeepProgress>? progress, CancellationToken cancel) => new RepairPacks(store, options, progress).Run(cancel);

    /// <summary>Stores copies without what is lost of the snapshots that have lost something. Repair index and packs first: it goes by the index.</summary>
    /// <exception cref="UserFacingException">The repository is in use.</exception>
    public Task<SnapshotRepair> RepairSnapshots(RepairOptions options, IProgress<UpkeepProgress>? progress, CancellationToken cancel) =>
        new RepairSnapshots(store, indexes, options, progress).Run(cancel);

    /// <summary>Removes locks that were left behind by a crash.</summary>
    /// <param name="all">True to remove also those that are in use: only for when nothing is running. Whoever holds one gives up when it notices, within five minutes.</param>
    /// <param name="dryRun">True to count them only.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <returns>How many.</returns>
    public Task<int> Unlock(bool all, bool dryRun, CancellationToken cancel) => LockFiles.Remove(store, all, dryRun, cancel);

    /// <summary>Lifts a repository of format version 1 to 2, which compresses. Open it anew afterwards. What is stored stays as it is until a prune compresses it.</summary>
    /// <returns>False when there is nothing to do.</returns>
    /// <exception cref="UserFacingException">The repository is in use, or damaged.</exception>
    public async Task<bool> Upgrade(TimeSpan lockPatience, CancellationToken cancel)
    {
        if (config.Version >= Repairing.Upgrade.Version)
        {
            return false;
        }

        CheckReport report;
        await using (await RepositoryLock.Acquire(store, exclusive: false, lockPatience, cancel))
        {
            report = await new RepositoryCheck(store, indexes, keys, new CheckOptions(), null).Run(cancel);
        }

        if (!report.Passed)
        {
            throw new UserFacingException($"{store.Location} is damaged: {report.Problems[0].Message} Repair it before it is upgraded.");
        }

        await Repairing.Upgrade.Run(store, config, lockPatience, cancel);
        return true;
    }
}
