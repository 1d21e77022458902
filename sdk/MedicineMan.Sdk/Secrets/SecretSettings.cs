using System.Text.Json;

namespace MedicineMan.Sdk.Secrets;

/// <summary>Reads handles of secrets out of settings.</summary>
public static class SecretSettings
{
    /// <summary>The handle that a field of the format <c>secret</c> holds; null when the field is empty.</summary>
    public static SecretRef? Secret(this JsonElement settings, string field) =>
        settings.ValueKind == JsonValueKind.Object && settings.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } id
            ? new SecretRef(id)
            : null;
}
