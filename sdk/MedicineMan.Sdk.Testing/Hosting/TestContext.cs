using System.Text.Json;
using MedicineMan.Sdk.Health;
using MedicineMan.Sdk.Jobs;
using MedicineMan.Sdk.Secrets;
using MedicineMan.Sdk.Servers;
using Microsoft.Extensions.Logging;

namespace MedicineMan.Sdk.Testing.Hosting;

/// What the test host lends the plugin: the setup's fakes, behind the capabilities of the manifest.
internal sealed class TestContext(TestManifest manifest, PluginTestSetup setup, ILogger logger, HttpClient http, CancellationToken unloading) : IPluginContext, IDisposable
{
    private readonly List<ScratchFolder> folders = [];

    public PluginInfo Info => manifest.Info;

    public ILogger Logger { get; } = logger;

    public CancellationToken Unloading { get; } = unloading;

    public IServers Servers => setup.Servers;

    public ISecrets Secrets => setup.Secrets;

    public IPluginStore Store => setup.Store;

    public IJobs Jobs => setup.Jobs;

    public ITimeSeries Series => setup.Series;

    public HttpClient Http { get; } = http;

    public IScratchFolder Scratch()
    {
        var folder = new ScratchFolder();
        lock (folders)
        {
            folders.Add(folder);
        }

        return folder;
    }

    public string Localize(string key, params ReadOnlySpan<string> values)
    {
        var text = Texts(setup.Culture).GetValueOrDefault(key) ?? Texts("en").GetValueOrDefault(key) ?? key;
        for (var at = 0; at < values.Length; at++)
        {
            text = text.Replace($"{{{at}}}", values[at], StringComparison.Ordinal);
        }

        return text;
    }

    public void Dispose() => folders.ForEach(folder => folder.Dispose());

    private Dictionary<string, string> Texts(string culture)
    {
        var file = Path.Combine(manifest.Folder, "locales", culture + ".json");
        if (!File.Exists(file))
        {
            return [];
        }

        using var json = JsonDocument.Parse(File.ReadAllBytes(file));
        return json.RootElement.EnumerateObject().ToDictionary(one => one.Name, one => one.Value.GetString() ?? "", StringComparer.Ordinal);
    }

    private sealed class ScratchFolder : IScratchFolder
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("medicineman-scratch-").FullName;

        public void Dispose()
        {
            if (Directory.Exists(Path))
            {
                Directory.Delete(Path, recursive: true);
            }
        }
    }
}
