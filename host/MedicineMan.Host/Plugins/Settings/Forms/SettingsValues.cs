using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace MedicineMan.Host.Plugins.Settings.Forms;

/// Reads what was sent for a schema and checks all of it at once. What is not in the form at these values is left out, and what was left
/// empty has its default. A secret field that is left empty keeps its handle; a person removes it by the checkbox, a program by null.
internal static class SettingsValues
{
    public const string RemoveSuffix = ".remove";

    public static SettingsDraft FromForm(SettingsSchema schema, IFormCollection form, string prefix, JsonObject? stored) => Read(schema, stored, [], field =>
    {
        string[] texts = [.. form[prefix + field.Name].Select(text => (text ?? "").ReplaceLineEndings("\n"))];
        if (field.IsSecret)
        {
            return new Sent { Secret = texts.FirstOrDefault(text => text.Length > 0), Removed = form[prefix + field.Name + RemoveSuffix] == "true" };
        }

        var (value, problem) = FieldCheck.Typed(field, texts);
        return new Sent { Value = value, Problem = problem, Text = string.Join('\n', texts) };
    });

    public static SettingsDraft FromJson(SettingsSchema schema, JsonObject sent, JsonObject? stored)
    {
        var unknown = sent.Where(one => schema.Fields.All(field => field.Name != one.Key)).Select(one => KeyValuePair.Create(one.Key, "is not a field of these settings"));
        return Read(schema, stored, unknown, field =>
        {
            var given = sent.TryGetPropertyValue(field.Name, out var node);
            if (!field.IsSecret)
            {
                var (value, problem) = FieldCheck.Sent(field, node);
                return new Sent { Value = value, Problem = problem };
            }

            // What a program was shown of a secret, {"set": true}, can be sent back as it is and changes nothing.
            return node is null or JsonObject
                ? new Sent { Removed = given && node is null }
                : FieldCheck.Sent(field with { Format = "" }, node) is (JsonValue secret, null) ? new Sent { Secret = secret.GetValue<string>() } : new Sent { Problem = "must be a text" };
        });
    }

    /// Stored settings under a schema that may have changed since: what no longer holds falls out.
    public static JsonObject Fitting(SettingsSchema schema, JsonObject stored)
    {
        var sent = new JsonObject(stored.Where(one => schema.Fields.Any(field => field.Name == one.Key && !field.IsSecret)).Select(one => KeyValuePair.Create(one.Key, one.Value?.DeepClone())));
        return FromJson(schema, sent, stored).Values;
    }

    private static SettingsDraft Read(SettingsSchema schema, JsonObject? stored, IEnumerable<KeyValuePair<string, string>> unknown, Func<SettingsField, Sent> read)
    {
        var values = new JsonObject();
        var errors = new Dictionary<string, string>(unknown, StringComparer.Ordinal);
        var (secrets, typed) = (new Dictionary<string, string>(StringComparer.Ordinal), new Dictionary<string, string>(StringComparer.Ordinal));
        foreach (var field in schema.Fields)
        {
            var sent = read(field);
            if (sent.Text is not null)
            {
                typed[field.Name] = sent.Text;
            }

            if (!schema.Shows(field, values))
            {
                continue;
            }

            var problem = sent.Problem ?? (sent.Secret is null ? null : FieldCheck.Secret(field, sent.Secret));
            var value = field.IsSecret ? (sent.Removed ? null : Handle(stored, field)) : sent.Value ?? field.Default;
            if (problem is not null)
            {
                errors[field.Name] = problem;
            }
            else if (sent.Secret is not null)
            {
                secrets[field.Name] = sent.Secret;
            }
            else if (value is not null)
            {
                values[field.Name] = value.DeepClone();
            }
            else if (field.Required)
            {
                errors[field.Name] = "is missing";
            }
        }

        return new SettingsDraft { Values = values, Secrets = secrets, Typed = typed, Errors = errors };
    }

    private static JsonValue? Handle(JsonObject? stored, SettingsField field) => stored?[field.Name] is JsonValue handle && handle.GetValueKind() == JsonValueKind.String ? handle : null;

    private readonly record struct Sent
    {
        public JsonNode? Value { get; init; }

        public string? Problem { get; init; }

        public string? Text { get; init; }

        public string? Secret { get; init; }

        public bool Removed { get; init; }
    }
}
