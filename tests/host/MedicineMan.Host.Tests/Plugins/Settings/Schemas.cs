using System.Text.Json;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Settings.Forms;

namespace MedicineMan.Host.Tests.Plugins.Settings;

/// Schemas as a manifest would hold them.
internal static class Schemas
{
    public static (SettingsSchema Schema, IReadOnlyList<string> Problems) Read(string schema)
    {
        var problems = new List<string>();
        var read = JsonFields.Read(JsonElement.Parse($$"""{"settings": {{schema}} }"""), "", problems, json => SchemaReader.Read(json, "settings") ?? SettingsSchema.Empty);
        return (read, problems);
    }

    /// One field named x.
    public static SettingsSchema Of(string field, bool required = false)
    {
        var (schema, problems) = Read($$"""{"type": "object", "required": [{{(required ? "\"x\"" : "")}}], "properties": {"x": {{field}} } }""");
        Assert.Empty(problems);
        return schema;
    }
}
