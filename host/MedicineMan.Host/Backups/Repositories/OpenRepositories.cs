using System.Collections.Concurrent;
using System.Text.Json;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Secrets;
using MedicineMan.Repository;
using MedicineMan.Sdk.Secrets;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Host.Backups.Repositories;

/// Opens repositories: the row's storage through its plugin, the password from the vault. Opening costs a key derivation made to be slow, so
/// an open repository is kept for as long as its row stays the same.
internal sealed class OpenRepositories(RepositoryStore store, Providers providers, SecretVault vault, KeyRing ring) : IDisposable
{
    private readonly ConcurrentDictionary<(string Id, string Settings, string Secret), Lazy<Task<BackupRepository>>> open = new();
    private readonly SemaphoreSlim preparing = new(1, 1);

    public async Task<BackupRepository> Open(OrganizationId organization, string id, CancellationToken cancel)
    {
        var row = await store.Get(organization, id, cancel);
        if (row.State is not RepositoryState.Ready)
        {
            await Prepare(organization, row, cancel);
        }

        return await Open(organization, row, cancel);
    }

    /// Creates a new repository, or makes sure that an existing one opens. Whoever comes first does it, others wait: a backup may be asked for
    /// before the repository is there.
    public async Task Prepare(OrganizationId organization, RepositoryRow row, CancellationToken cancel)
    {
        await preparing.WaitAsync(cancel);
        try
        {
            row = await store.Get(organization, row.Id, cancel);
            try
            {
                await Open(organization, row, cancel);
            }
            catch (NotARepositoryException) when (row.State is RepositoryState.New or RepositoryState.FailedNew)
            {
                await Create(organization, row, cancel);
            }

            await store.RecordState(organization, row.Id, RepositoryState.Ready, null, null, cancel);
        }
        catch (Exception failure) when (!cancel.IsCancellationRequested)
        {
            var state = row.State is RepositoryState.New or RepositoryState.FailedNew ? RepositoryState.FailedNew : RepositoryState.Failed;
            await store.RecordState(organization, row.Id, state, Failures.Sentence(failure, cancel), null, cancel);
            throw;
        }
        finally
        {
            preparing.Release();
        }
    }

    private async Task<BackupRepository> Open(OrganizationId organization, RepositoryRow row, CancellationToken cancel)
    {
        var key = (row.Id, row.Settings, row.PasswordSecret);
        var opening = open.GetOrAdd(key, _ => new Lazy<Task<BackupRepository>>(() => OpenNew(organization, row)));
        try
        {
            return await opening.Value.WaitAsync(cancel);
        }
        catch when (opening.Value.IsFaulted)
        {
            // Not kept: the storage may be back at the next try.
            open.TryRemove(new KeyValuePair<(string, string, string), Lazy<Task<BackupRepository>>>(key, opening));
            throw;
        }
    }

    /// Makes the repository on its storage, with a second password that only the recovery kit holds.
    private async Task Create(OrganizationId organization, RepositoryRow row, CancellationToken cancel)
    {
        using var created = await BackupRepository.Initialise(await Storage(row, cancel), await Password(organization, row, cancel), cancel);
        await created.Keys.Add(ring.Current.RecoveryPassword, cancel);
    }

    public void Dispose()
    {
        foreach (var opening in open.Values.Where(o => o.IsValueCreated && o.Value.IsCompletedSuccessfully))
        {
            opening.Value.Result.Dispose();
        }

        open.Clear();
        preparing.Dispose();
    }

    private async Task<BackupRepository> OpenNew(OrganizationId organization, RepositoryRow row) =>
        await BackupRepository.Open(await Storage(row, default), await Password(organization, row, default), default);

    private async Task<IStorageBackend> Storage(RepositoryRow row, CancellationToken cancel)
    {
        using var settings = JsonDocument.Parse(row.Settings);
        return await providers.Get<IStorageProvider>(row.Kind).OpenAsync(settings.RootElement.Clone(), cancel);
    }

    private Task<string> Password(OrganizationId organization, RepositoryRow row, CancellationToken cancel) =>
        vault.Open(organization, new SecretRef(row.PasswordSecret), Actor.System, $"open repository {row.Name}", cancel);
}
