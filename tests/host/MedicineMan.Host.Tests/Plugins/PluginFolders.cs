using System.Reflection;
using System.Text.Json.Nodes;

namespace MedicineMan.Host.Tests.Plugins;

/// The folders that plugins were built into, and copies of them to damage.
internal static class PluginFolders
{
    public static string Hello => Built("MedicineMan.Samples.Hello");

    public static string Sample(string name) => Built($"MedicineMan.Samples.{name}");

    public static string Troublesome => Built("MedicineMan.TestPlugins.Troublesome");

    public static string Sticky => Built("MedicineMan.TestPlugins.Sticky");

    public static string Tidy => Built("MedicineMan.TestPlugins.Tidy");

    public static string Curious => Built("MedicineMan.TestPlugins.Curious");

    public static string Adjustable => Built("MedicineMan.TestPlugins.Adjustable");

    public static string Outreach => Built("MedicineMan.TestPlugins.Outreach");

    public static string NoFrontDoor => Built("MedicineMan.TestPlugins.NoFrontDoor");

    /// Copies a plugin's folder, with its manifest changed.
    public static string Copy(string from, string to, Action<JsonObject>? change = null)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        var manifest = Path.Combine(to, "plugin.json");
        var json = JsonNode.Parse(File.ReadAllText(manifest))!.AsObject();
        change?.Invoke(json);
        File.WriteAllText(manifest, json.ToJsonString());
        return to;
    }

    private static string Built(string assembly) =>
        typeof(PluginFolders).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == assembly).Value!;
}
