using System.Text.Json;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Sdk.Secrets;

namespace MedicineMan.Host.Plugins.Capabilities;

/// The secrets a caller puts into a plugin's hands, for as long as the call lasts. It follows the call wherever its code awaits, and is void once
/// the call is over, also for what the plugin left running.
internal sealed class HandedSecrets : IDisposable
{
    private static readonly AsyncLocal<HandedSecrets?> Current = new();

    private readonly Grant grant;
    private readonly HashSet<string> ids;
    private readonly HandedSecrets? outer;
    private volatile bool over;

    private HandedSecrets(Grant grant, IEnumerable<string> ids) => (this.grant, this.ids, outer) = (grant, ids.ToHashSet(StringComparer.Ordinal), Current.Value);

    /// Begin it in the method that makes the call: it holds for that method and what it calls.
    public static HandedSecrets Give(Grant grant, params IEnumerable<SecretRef> secrets) => Current.Value = new HandedSecrets(grant, secrets.Select(secret => secret.Id));

    /// What the present call handed to this plugin.
    public static HandedSecrets? To(Grant grant) => Current.Value is { } handed && ReferenceEquals(handed.grant, grant) ? handed : null;

    public bool Holds(SecretRef secret) => !over && ids.Contains(secret.Id);

    /// The handles in the fields that the plugin's manifest declares as secrets; text that merely looks like one is none.
    public static IReadOnlyList<SecretRef> In(PluginManifest manifest, JsonElement settings)
    {
        if (settings.ValueKind != JsonValueKind.Object)
        {
            return [];
        }

        var fields = manifest.Providers.Select(provider => provider.Settings).Append(manifest.Settings).SelectMany(schema => schema?.Fields ?? [])
            .Where(field => field.IsSecret).Select(field => field.Name).ToHashSet(StringComparer.Ordinal);
        return [.. settings.EnumerateObject()
            .Where(member => fields.Contains(member.Name) && member.Value.ValueKind == JsonValueKind.String)
            .Select(member => new SecretRef(member.Value.GetString()!))];
    }

    public void Dispose()
    {
        over = true;
        Current.Value = outer;
    }

    private static void Declared(JsonElement schema, HashSet<string> fields)
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (var member in schema.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Object && member.Value.TryGetProperty("format", out var format) && format.ValueKind == JsonValueKind.String && format.ValueEquals("secret"))
            {
                fields.Add(member.Name);
            }

            Declared(member.Value, fields);
        }
    }

    private static void Collect(JsonElement value, HashSet<string> fields, List<SecretRef> found)
    {
        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in value.EnumerateArray())
            {
                Collect(item, fields, found);
            }
        }
        else if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in value.EnumerateObject())
            {
                if (member.Value.ValueKind == JsonValueKind.String && fields.Contains(member.Name))
                {
                    found.Add(new SecretRef(member.Value.GetString()!));
                }

                Collect(member.Value, fields, found);
            }
        }
    }
}
