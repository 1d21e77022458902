using System.Text;
using Dapper;
using MedicineMan.Host.Organizations;
using MedicineMan.Sdk.Secrets;

namespace MedicineMan.Host.Plugins.Capabilities;

/// Opens a plugin's own secrets for it, and those that a caller handed to it for the length of a call. A secret is a plugin's own by the kind it
/// was sealed with, so that no row can be made over to another plugin. The vault writes every opening down, with its purpose.
internal sealed class LentSecrets(Grant grant, Lending lending) : ISecrets
{
    private const string KindSql = "select kind from secrets where organization_id = @organization and id = @id";

    /// The kind under which the host stores the secrets of a plugin's settings.
    public static string KindOf(string pluginId) => $"plugin:{pluginId}";

    public async ValueTask<SecretLease> OpenAsync(SecretRef secret, string purpose, CancellationToken cancel)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(purpose);
        await Check(secret, HandedSecrets.To(grant), cancel);
        var value = lending.Given?.Find(secret) ?? await lending.Rooms.Vault.Open(OrganizationId.Default, secret, grant.Actor, purpose.Length <= 200 ? purpose : purpose[..200], cancel);
        return new SecretLease(Encoding.UTF8.GetBytes(value));
    }

    /// <exception cref="Sdk.CapabilityDeniedException">The plugin may not have this secret opened.</exception>
    public async ValueTask Check(SecretRef secret, HandedSecrets? handed, CancellationToken cancel)
    {
        await grant.Need("secrets", "open a secret");
        if (handed?.Holds(secret) != true && !await IsOwn(secret, cancel))
        {
            throw await grant.Refuse("secrets", $"{grant.Name} asked for a secret that is neither in its settings nor was handed to it.");
        }
    }

    private async Task<bool> IsOwn(SecretRef secret, CancellationToken cancel)
    {
        await using var connection = await lending.Rooms.Database.OpenRead(OrganizationId.Default, cancel);
        var kind = await connection.QuerySingleOrDefaultAsync<string>(new CommandDefinition(KindSql, new { organization = OrganizationId.Default, id = secret.Id }, cancellationToken: cancel));
        return kind == KindOf(grant.PluginId);
    }
}
