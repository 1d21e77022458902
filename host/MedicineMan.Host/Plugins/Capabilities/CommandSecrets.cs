using System.Collections.Concurrent;
using MedicineMan.Sdk.Secrets;

namespace MedicineMan.Host.Plugins.Capabilities;

/// The secrets that a command without a vault was given, in files. Their handles go into a storage's settings as the vault's do, and the plugin opens
/// them in the same way.
internal sealed class CommandSecrets
{
    private readonly ConcurrentDictionary<string, string> values = new(StringComparer.Ordinal);

    public SecretRef Keep(string value)
    {
        var secret = new SecretRef(Guid.NewGuid().ToString("n"));
        values[secret.Id] = value;
        return secret;
    }

    public string? Find(SecretRef secret) => values.GetValueOrDefault(secret.Id);
}
