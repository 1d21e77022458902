using System.Text.Json;

namespace MedicineMan.Host.Plugins.Manifests;

/// plugin-registry.json: the plugins this host knows and where they come from. The same form serves third-party sources.
internal sealed record PluginRegistry(string Name, int Serial, IReadOnlyList<RegistryPublisher> Publishers, IReadOnlyList<RegistryPlugin> Plugins)
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    public IReadOnlyList<RegistryKey> Keys { get; init; } = [];

    /// Over the whole file; null in the one beside the host, which is as trustworthy as the host itself.
    public RegistrySignature? Signature { get; init; }

    /// The key by its name, when it may still be used.
    public RegistryKey? KeyNamed(string id, DateTimeOffset now) => Keys.FirstOrDefault(key => key.Id == id && !key.Revoked && (key.NotAfter is null || now < key.NotAfter));

    /// Reads the registry beside the host.
    /// <exception cref="PluginRefusedException">Names every problem.</exception>
    public static async Task<PluginRegistry> Read(string file, CancellationToken cancel)
    {
        const string without = "Without the registry the host does not know which plugins to trust, so it runs without any.";
        byte[] bytes;
        try
        {
            bytes = await File.ReadAllBytesAsync(file, cancel);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw Refused(file, [unreadable.Message], without, "Restore the file from the package and restart.");
        }

        return Read(bytes, file, "bundled", without, "Restore the file from the package and restart.");
    }

    /// Reads a third party's registry; whose it is, its signature must tell.
    /// <exception cref="PluginRefusedException">Names every problem.</exception>
    public static PluginRegistry Parse(byte[] bytes, string where) =>
        Read(bytes, where, "remote", "A registry is read strictly, and nothing of it is used unless all of it holds.", "Tell those who publish it.");

    private static PluginRegistry Read(byte[] bytes, string where, string source, string why, string fix)
    {
        var problems = new List<string>();
        try
        {
            using var json = JsonDocument.Parse(bytes, Strict);
            var registry = JsonFields.Read(json.RootElement, "", problems, fields => Read(fields, source));
            problems.AddRange(registry.Plugins.GroupBy(plugin => plugin.Id, StringComparer.Ordinal).Where(same => same.Count() > 1).Select(same => $"plugins names \"{same.Key}\" twice."));
            return problems.Count == 0 ? registry : throw Refused(where, problems, why, fix);
        }
        catch (JsonException broken)
        {
            throw Refused(where, [broken.Message], why, fix);
        }
    }

    private static PluginRegistry Read(JsonFields json, string source)
    {
        if (json.Number("registry", 1) is not 1)
        {
            json.Refuse("registry must be 1, the only form this version reads.");
        }

        json.Text("updated");
        return new PluginRegistry(
            json.Text("name", longest: 60),
            json.Number("serial", 1) ?? 0,
            json.Objects("publishers", required: true, RegistryPublisher.Read),
            json.Objects("plugins", required: true, item => RegistryPlugin.Read(item, source)))
        {
            Keys = json.Objects("keys", required: false, RegistryKey.Read),
            Signature = json.Object("signature", required: source == "remote", item => new RegistrySignature(item.Text("keyId"), item.Text("value"))),
        };
    }

    private static PluginRefusedException Refused(string where, IEnumerable<string> problems, string why, string fix) =>
        new([.. problems.Select(problem => new PluginProblem("MM1006", $"{where} does not hold: {problem}", why, fix))]);
}
