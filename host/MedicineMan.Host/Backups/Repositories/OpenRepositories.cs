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

    public async Task<BackupRepository> Open(OrganizationId organization, string id, CancellationToken cancel)
    {
        var row = await store.Get(organization, id, cancel);
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
    public async Task Create(OrganizationId organization, RepositoryRow row, CancellationToken cancel)
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
