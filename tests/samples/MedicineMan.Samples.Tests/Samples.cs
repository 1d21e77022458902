using System.Reflection;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Testing;

namespace MedicineMan.Samples.Tests;

/// The folders the samples were built into.
internal static class Samples
{
    public static IReadOnlyList<string> All { get; } = ["Chart", "Hello", "MirroredFolders", "Permits", "SqliteFiles", "Uptime", "Webhook"];

    public static string Folder(string name) =>
        typeof(Samples).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == $"MedicineMan.Samples.{name}").Value!;

    public static Task<PluginTestHost> Start<TPlugin>(Action<PluginTestSetup>? change = null)
        where TPlugin : IPlugin, new() => PluginTestHost.StartAsync<TPlugin>(setup =>
        {
            setup.Folder = Folder(typeof(TPlugin).Assembly.GetName().Name!["MedicineMan.Samples.".Length..]);
            change?.Invoke(setup);
        });
}
