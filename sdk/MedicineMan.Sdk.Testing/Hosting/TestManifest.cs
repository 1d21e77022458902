using System.Text.Json;

namespace MedicineMan.Sdk.Testing.Hosting;

/// What a test needs of plugin.json. The host reads it far more strictly before it loads a plugin.
internal sealed record TestManifest(PluginInfo Info, string Entry, JsonElement Json, string Folder)
{
    public static TestManifest Read(string folder)
    {
        var file = Path.Combine(folder, "plugin.json");
        if (!File.Exists(file))
        {
            throw new InvalidOperationException($"{folder} has no plugin.json. The SDK's build props copy it beside the plugin's dll; name another folder in the setup.");
        }

        using var json = JsonDocument.Parse(File.ReadAllBytes(file));
        var root = json.RootElement.Clone();
        return new TestManifest(new PluginInfo(Text(root, "id"), Text(root, "version"), Text(root, "name")), Text(root, "entry"), root, folder);
    }

    public IReadOnlyList<(string Name, IReadOnlyList<string> Scope)> Capabilities =>
        [.. List(Json, "capabilities").Select(one => (Text(one, "name"), Texts(one, "scope")))];

    public IReadOnlyList<(string Method, string Path, string Permission)> Routes =>
        [.. Contributed("routes").Select(route => (Text(route, "method"), Text(route, "path"), Text(route, "permission")))];

    public IReadOnlyList<(string Id, string? Cron)> Jobs => [.. Contributed("jobs").Select(job => (Text(job, "id"), Optional(job, "cron")))];

    public IReadOnlyList<(string Id, string Template)> Fragments => [.. Contributed("fragments").Select(one => (Text(one, "id"), Text(one, "template")))];

    public IReadOnlyList<(string Contract, string Kind)> Providers => [.. Contributed("providers").Select(one => (Text(one, "contract"), Text(one, "kind")))];

    public IReadOnlyList<(string Id, string Default)> Permissions => [.. Contributed("permissions").Select(one => (Text(one, "id"), Text(one, "default")))];

    public IReadOnlyList<string> Events => Json.TryGetProperty("contributes", out var contributes) ? Texts(contributes, "events") : [];

    public IReadOnlyList<string> SettingNames =>
        Json.TryGetProperty("settings", out var schema) && schema.TryGetProperty("properties", out var fields) ? [.. fields.EnumerateObject().Select(one => one.Name)] : [];

    /// The settings that the schema's defaults make.
    public string DefaultSettings()
    {
        if (!Json.TryGetProperty("settings", out var schema) || !schema.TryGetProperty("properties", out var fields))
        {
            return "{}";
        }

        var defaults = fields.EnumerateObject().Where(field => field.Value.TryGetProperty("default", out _))
            .Select(field => $"{JsonEncodedText.Encode(field.Name)}\":{field.Value.GetProperty("default").GetRawText()}");
        return "{" + string.Join(',', defaults.Select(field => "\"" + field)) + "}";
    }

    private JsonElement[] Contributed(string name) => Json.TryGetProperty("contributes", out var contributes) ? List(contributes, name) : [];

    private static JsonElement[] List(JsonElement from, string name) =>
        from.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray()] : [];

    private static IReadOnlyList<string> Texts(JsonElement from, string name) => [.. List(from, name).Select(one => one.GetString() ?? "")];

    private static string? Optional(JsonElement from, string name) =>
        from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Text(JsonElement from, string name) => Optional(from, name) ?? throw new InvalidOperationException($"plugin.json: \"{name}\" is missing in {from.GetRawText()}.");
}
