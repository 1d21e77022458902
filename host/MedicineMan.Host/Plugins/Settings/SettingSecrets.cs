using System.Data.Common;
using System.Text.Json.Nodes;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Plugins.Capabilities;
using MedicineMan.Host.Plugins.Settings.Forms;
using MedicineMan.Host.Secrets;
using MedicineMan.Sdk.Secrets;

namespace MedicineMan.Host.Plugins.Settings;

/// The secrets of a settings form on their way into the vault. Settings hold handles alone.
internal sealed class SettingSecrets(SecretVault vault)
{
    /// Puts the new secrets into the vault.
    /// <param name="of">What they belong to, for people: "repository Offsite".</param>
    /// <returns>The complete settings, and the handles of the secrets that are new.</returns>
    public async Task<(JsonObject Settings, IReadOnlyList<string> Handles)> Keep(
        DbTransaction transaction, OrganizationId organization, string pluginId, string of, SettingsDraft draft, Actor actor, CancellationToken cancel)
    {
        var (settings, handles) = (draft.Values.DeepClone().AsObject(), new List<string>());
        foreach (var (field, value) in draft.Secrets)
        {
            var handle = await vault.Put(transaction, organization, LentSecrets.KindOf(pluginId), $"{field} of {of}", value, actor, cancel);
            settings[field] = handle.Id;
            handles.Add(handle.Id);
        }

        return (settings, handles);
    }

    public async Task Drop(DbTransaction transaction, OrganizationId organization, IEnumerable<string> handles, Actor actor, CancellationToken cancel)
    {
        foreach (var handle in handles)
        {
            await vault.Delete(transaction, organization, new SecretRef(handle), actor, cancel);
        }
    }
}
