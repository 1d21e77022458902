using System.Text.Json;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Plugins.Capabilities;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Host.Cli.Wire;

/// The storages of the plugins for commands that need neither host nor database: the plugins alone are loaded, at the first storage asked for.
internal static class PluginStorages
{
    private static readonly Lazy<Task<Providers>> Loaded = new(Load);

    /// What commands read out of files for them.
    public static CommandSecrets Secrets { get; } = new();

    public static async ValueTask<IStorageBackend> Open(string kind, JsonElement settings, CancellationToken cancel) =>
        await (await Loaded.Value.WaitAsync(cancel)).Get<IStorageProvider>(kind).OpenAsync(settings, cancel);

    private static async Task<Providers> Load()
    {
        // Never disposed: a storage is in use until the command ends, and the process with it.
        var services = new ServiceCollection().AddLogging().AddSingleton(Secrets).AddPlugins(new ConfigurationBuilder().AddEnvironmentVariables("MEDICINEMAN__").Build()).BuildServiceProvider();
        await services.GetRequiredService<PluginLifecycle>().LoadAll(CancellationToken.None);
        return services.GetRequiredService<Providers>();
    }
}
