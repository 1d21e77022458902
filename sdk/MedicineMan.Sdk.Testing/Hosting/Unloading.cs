using System.Reflection;
using System.Reflection.Metadata;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace MedicineMan.Sdk.Testing.Hosting;

/// Loads a plugin's dll into a context of its own, uses it and finds out whether anything still holds it afterwards.
internal static class Unloading
{
    private const int MostRounds = 40;

    public static async Task Assert(string folder, Func<PluginTestHost, Task>? use)
    {
        var context = await LoadUseAndLetGo(folder, use);
        for (var round = 0; context.IsAlive && round < MostRounds; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(25);
        }

        Xunit.Assert.False(context.IsAlive,
            $"The code of the plugin in {folder} is still held. Usual causes: a static timer or thread, a token registration, JSON without source generation. Look with: dotnet-gcdump, or dotnet-dump gcroot.");
    }

    // A frame of its own: the caller's would keep what was touched here.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> LoadUseAndLetGo(string folder, Func<PluginTestHost, Task>? use)
    {
        var context = new PluginContext(Path.Combine(Path.GetFullPath(folder), TestManifest.Read(folder).Entry));
        await Use(context, folder, use);
        FlushCaches();
        context.Unload();
        return new WeakReference(context);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task Use(PluginContext context, string folder, Func<PluginTestHost, Task>? use)
    {
        await using var host = await PluginTestHost.StartAsync(context.Plugin(), setup => setup.Folder = folder);
        await host.UseAll();
        if (use is not null)
        {
            await use(host);
        }
    }

    // The framework keeps types in caches of its own; hot reload has them emptied through these handlers, and so does the host.
    private static void FlushCaches()
    {
        foreach (var handler in AssemblyLoadContext.Default.Assemblies.SelectMany(assembly => assembly.GetCustomAttributes<MetadataUpdateHandlerAttribute>()))
        {
            handler.HandlerType.GetMethod("ClearCache", BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic, [typeof(Type[])])?.Invoke(null, [null]);
        }
    }

    private sealed class PluginContext(string file) : AssemblyLoadContext(Path.GetFileNameWithoutExtension(file), isCollectible: true)
    {
        private readonly AssemblyDependencyResolver resolver = new(file);

        public IPlugin Plugin()
        {
            var type = LoadFromAssemblyPath(file).GetCustomAttribute<MedicineManPluginAttribute>()?.PluginType
                ?? throw new InvalidOperationException($"{file} has no [assembly: MedicineManPlugin(typeof(…))].");
            return (IPlugin)Activator.CreateInstance(type)!;
        }

        // What the host shares comes from the default context, or the plugin's types would be others than ours.
        protected override Assembly? Load(AssemblyName assemblyName) =>
            Shared(assemblyName.Name!) || resolver.ResolveAssemblyToPath(assemblyName) is not { } path ? null : LoadFromAssemblyPath(path);

        private static bool Shared(string name) =>
            name.StartsWith("MedicineMan.Sdk", StringComparison.Ordinal) || name.StartsWith("Microsoft.AspNetCore.", StringComparison.Ordinal) || name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal);
    }
}
