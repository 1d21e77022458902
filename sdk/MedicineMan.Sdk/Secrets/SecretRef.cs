using System.Text.Json;
using System.Text.Json.Serialization;

namespace MedicineMan.Sdk.Secrets;

/// <summary>A handle to a secret in the host's vault. Arguments, settings and logs carry this, never the value. In JSON it is its id, so a property of this type
/// reads a setting of the format <c>secret</c>.</summary>
/// <param name="Id">The vault's id; null in a handle that was never set.</param>
[JsonConverter(typeof(SecretRefConverter))]
public readonly record struct SecretRef(string Id)
{
    /// <summary>Always <c>***</c>: even the id stays out of logs.</summary>
    public override string ToString() => "***";
}

/// <summary>Reads and writes a handle as the text of its id. The attribute on <see cref="SecretRef"/> names it; nobody else has to.</summary>
public sealed class SecretRefConverter : JsonConverter<SecretRef>
{
    /// <summary>A setting that was emptied is a handle that was never set.</summary>
    public override bool HandleNull => true;

    /// <inheritdoc />
    public override SecretRef Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType is JsonTokenType.Null or JsonTokenType.String ? new SecretRef(reader.GetString()!) : throw new JsonException();

    /// <inheritdoc />
    public override void Write(Utf8JsonWriter writer, SecretRef value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStringValue(value.Id);
    }
}
