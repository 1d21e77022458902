using System.Text.Json;

namespace MedicineMan.Host.Plugins.Manifests;

/// plugin-registry.json: the plugins this host knows and where they come from. The same form serves third-party sources.
internal sealed record PluginRegistry(string Name, int Serial, IReadOnlyList<RegistryPublisher> Publishers, IReadOnlyList<RegistryPlugin> Plugins)
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    /// <exception cref="PluginRefusedException">Names every problem.</exception>
    public static async Task<PluginRegistry> Read(string file, CancellationToken cancel)
    {
        var problems = new List<string>();
        try
        {
            await using var stream = File.OpenRead(file);
            using var json = await JsonDocument.ParseAsync(stream, Strict, cancel);
            var registry = JsonFields.Read(json.RootElement, "", problems, Read);
            problems.AddRange(registry.Plugins.GroupBy(plugin => plugin.Id, StringComparer.Ordinal).Where(same => same.Count() > 1).Select(same => $"plugins names \"{same.Key}\" twice."));
            if (problems.Count == 0)
            {
                return registry;
            }
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException)
        {
            problems.Add(unreadable.Message);
        }

        throw new PluginRefusedException([.. problems.Select(problem => new PluginProblem(
            "MM1006", $"{file} does not hold: {problem}", "Without the registry the host does not know which plugins to trust, so it runs without any.", "Restore the file from the package and restart."))]);
    }

    private static PluginRegistry Read(JsonFields json)
    {
        if (json.Number("registry", 1) is not 1)
        {
            json.Refuse("registry must be 1, the only form this version reads.");
        }

        json.Text("updated");
        return new PluginRegistry(
            json.Text("name"),
            json.Number("serial", 1) ?? 0,
            json.Objects("publishers", required: true, item => new RegistryPublisher(item.Text("id"), item.Text("name"), item.Flag("verified", false))),
            json.Objects("plugins", required: true, Plugin));
    }

    private static RegistryPlugin Plugin(JsonFields json)
    {
        json.Texts("categories");
        json.OptionalText("project");
        var plugin = new RegistryPlugin(
            json.Text("id"), json.Text("name"), json.OptionalText("summary") ?? "", json.Choice("source", null, ["bundled", "remote"]), json.OptionalText("folder") ?? "",
            json.Objects("versions", required: true, item => new RegistryVersion(item.Text("version"), item.Text("sdk", SdkRange.Pattern, "a range with both ends"))));
        if (plugin.Source == "bundled" && (plugin.Folder.Length == 0 || Path.GetFileName(plugin.Folder) != plugin.Folder || plugin.Folder == ".."))
        {
            json.Refuse("folder must name a folder in the host's plugin folder.");
        }

        return plugin;
    }
}

internal sealed record RegistryPublisher(string Id, string Name, bool Verified);

internal sealed record RegistryPlugin(string Id, string Name, string Summary, string Source, string Folder, IReadOnlyList<RegistryVersion> Versions);

internal sealed record RegistryVersion(string Version, string Sdk);
