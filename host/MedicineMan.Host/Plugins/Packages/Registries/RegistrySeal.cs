using System.Security.Cryptography;
using System.Text.Json;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages.Format;

namespace MedicineMan.Host.Plugins.Packages.Registries;

/// The signature of a registry: over the file in one canonical form, members in order and no white space, without the signature itself.
internal static class RegistrySeal
{
    /// <returns>The public key that signed it.</returns>
    /// <exception cref="PluginRefusedException">The signature does not hold, or its key is revoked or too old.</exception>
    public static string KeyOf(PluginRegistry registry, byte[] bytes, string where, DateTimeOffset now)
    {
        using var json = JsonDocument.Parse(bytes);
        var key = registry.KeyNamed(registry.Signature!.KeyId, now) ?? throw Refused($"{where} is signed with the key {registry.Signature.KeyId}, which it does not list, or which is revoked or expired.");
        return PackageKey.Holds(key.PublicKey, Canonical(json.RootElement), registry.Signature.Value) ? key.PublicKey : throw Refused($"The signature of {where} does not hold.");
    }

    public static string Sign(ECDsa key, JsonElement registry) => PackageKey.Sign(key, Canonical(registry));

    private static byte[] Canonical(JsonElement root)
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory))
        {
            Write(json, root, isRoot: true);
        }

        return memory.ToArray();
    }

    private static void Write(Utf8JsonWriter json, JsonElement element, bool isRoot)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            json.WriteStartObject();
            foreach (var member in element.EnumerateObject().Where(member => !isRoot || member.Name != "signature").OrderBy(member => member.Name, StringComparer.Ordinal))
            {
                json.WritePropertyName(member.Name);
                Write(json, member.Value, isRoot: false);
            }

            json.WriteEndObject();
        }
        else if (element.ValueKind == JsonValueKind.Array)
        {
            json.WriteStartArray();
            foreach (var item in element.EnumerateArray())
            {
                Write(json, item, isRoot: false);
            }

            json.WriteEndArray();
        }
        else
        {
            element.WriteTo(json);
        }
    }

    private static PluginRefusedException Refused(string what) => new(new PluginProblem(
        "MM1051", what, "What is not signed by its publisher may say anything. What was known before goes on being used.", "Try again later; if it stays so, tell those who publish it."));
}
