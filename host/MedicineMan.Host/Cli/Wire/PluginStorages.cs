using System.Collections.Concurrent;
using System.Text.Json;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Plugins.Capabilities;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Sdk.Storage;
using Microsoft.Extensions.Options;

namespace MedicineMan.Host.Cli.Wire;

/// The storages of the plugins for commands that need neither host nor database: only the plugin that brings the kind asked for is loaded, since
/// loading is what such a command would spend most of its time on.
internal static class PluginStorages
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<Providers>>> Loaded = new(StringComparer.Ordinal);

    /// What commands read out of files for them.
    public static CommandSecrets Secrets { get; } = new();

    public static async ValueTask<IStorageBackend> Open(string kind, JsonElement settings, CancellationToken cancel) =>
        await (await Loaded.GetOrAdd(kind, wanted => new(() => Load(wanted))).Value.WaitAsync(cancel)).Get<IStorageProvider>(kind).OpenAsync(settings, cancel);

    private static async Task<Providers> Load(string kind)
    {
        // Never disposed: a storage is in use until the command ends, and the process with it.
        var services = new ServiceCollection().AddLogging().AddSingleton(Secrets).AddPlugins(new ConfigurationBuilder().AddEnvironmentVariables("MEDICINEMAN__").Build())
            .Configure<PluginOptions>(options => options.ForOneCommand = true).BuildServiceProvider();
        var others = await Others(services.GetRequiredService<IOptions<PluginOptions>>().Value, kind);
        await services.GetRequiredService<PluginLifecycle>().LoadAll(others, CancellationToken.None);
        return services.GetRequiredService<Providers>();
    }

    // None when nobody brings the kind: the message then names what there is.
    private static async Task<Dictionary<string, string>> Others(PluginOptions options, string kind)
    {
        try
        {
            var bundled = (await PluginRegistry.Read(options.RegistryFile, CancellationToken.None)).Plugins.Where(plugin => plugin.Source == "bundled")
                .ToLookup(plugin => ManifestReader.Brings(Path.Combine(options.Folder, plugin.Folder), "storage", kind));
            return bundled[true].Any() ? bundled[false].ToDictionary(plugin => plugin.Id, _ => "This command does not need it.", StringComparer.Ordinal) : [];
        }
        catch (PluginRefusedException)
        {
            // Told by the loading itself, which reads the same files.
            return [];
        }
    }
}
