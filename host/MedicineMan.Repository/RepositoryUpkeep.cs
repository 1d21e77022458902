using MedicineMan.Repository.Indexing;
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

    internal RepositoryUpkeep(ObjectStore store, IndexLoader indexes)
    {
        this.store = store;
        this.indexes = indexes;
    }

    /// <summary>Removes snapshots by a rule or by name. Their data stays until a prune.</summary>
    /// <exception cref="UserFacingException">A name stands for none or several, a guard keeps a named one, or the repository is in use.</exception>
    public Task<ForgetReport> Forget(ForgetOptions options, CancellationToken cancel) => new Forgetting(store, options).Run(cancel);
}
