using System.Text.Json.Nodes;

namespace MedicineMan.Host.Tests.Plugins.Compiled;

/// The folder of a plugin that a test writes in a few lines.
internal static class CompiledPlugin
{
    /// <param name="body">What stands in the plugin's class; it must have Configure.</param>
    /// <param name="routes">Paths of its GET routes.</param>
    public static string Make(
        string folder, string id, string body, IEnumerable<string>? routes = null, Action<JsonObject>? change = null, string version = "1.0.0", string? sdk = null, params string[] references)
    {
        Compiler.Compile(folder, "TestPlugin", $$"""
            [assembly: MedicineManPlugin(typeof(TestPlugin))]
            public sealed class TestPlugin : IPlugin
            {
            {{body}}
            }
            """, $"{version}.0", sdk, references);
        Describe(folder, id, routes, change, version);
        return folder;
    }

    public static void Describe(string folder, string id, IEnumerable<string>? routes = null, Action<JsonObject>? change = null, string version = "1.0.0")
    {
        var manifest = new JsonObject
        {
            ["manifest"] = 1, ["id"] = id, ["version"] = version, ["name"] = id, ["publisher"] = "tests", ["license"] = "Apache-2.0",
            ["engine"] = new JsonObject { ["sdk"] = ">=1.0 <2.0" }, ["entry"] = "TestPlugin.dll", ["capabilities"] = new JsonArray(),
            ["contributes"] = new JsonObject
            {
                ["routes"] = new JsonArray([.. (routes ?? []).Select(path => new JsonObject { ["method"] = "GET", ["path"] = path, ["permission"] = "viewer" })]),
            },
        };
        change?.Invoke(manifest);
        File.WriteAllText(Path.Combine(folder, "plugin.json"), manifest.ToJsonString());
    }
}
