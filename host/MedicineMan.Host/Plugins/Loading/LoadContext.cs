using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using McMaster.NETCore.Plugins;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Plugins.Loading;

/// The assembly load context of one plugin version: the only place that knows the loading library. It parts versions and dependencies; it is
/// no sandbox.
internal sealed class LoadContext : IDisposable
{
    private static readonly Type[] Roots = [typeof(IPlugin), typeof(IServiceCollection), typeof(ILogger), typeof(IEndpointRouteBuilder)];

    // Sharing an assembly means sharing all it references, so the four roots bring the whole of ASP.NET Core. The loader would walk there for
    // every plugin, which is a third of the time that a load takes; the answer is always the same.
    private static readonly Lazy<HashSet<string>> Shared = new(SharedNames);

    private readonly PluginLoader loader;

    private LoadContext(PluginLoader loader)
    {
        this.loader = loader;
        Collected = new WeakReference(loader.LoadContext);
    }

    /// Dead once nothing of the plugin is held any more. The list of load contexts does not tell: unloading takes a context off it at once.
    public WeakReference Collected { get; }

    public static LoadContext Open(string file) => new(PluginLoader.CreateFromAssemblyFile(file, Roots, config =>
    {
        config.IsUnloadable = true;
        config.PreferSharedTypes = false;
        config.EnableHotReload = false;
        config.LoadInMemory = false;
        config.IsLazyLoaded = true;
        // What is not in its folder comes from the host anyhow; what is, and is shared, has to be named.
        foreach (var name in Directory.EnumerateFiles(Path.GetDirectoryName(file)!, "*.dll").Select(Path.GetFileNameWithoutExtension).Where(name => Shared.Value.Contains(name!)))
        {
            config.SharedAssemblies.Add(new AssemblyName(name!));
        }
    }));

    /// Constructs the type that the assembly's attribute names. No other type is looked at.
    /// <returns>Null, with the reason, when there is no such type.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public IPlugin? Entry(out string reason)
    {
        var assembly = loader.LoadDefaultAssembly();
        var type = assembly.GetCustomAttribute<MedicineManPluginAttribute>()?.PluginType;
        reason = type is null ? $"{assembly.GetName().Name} has no [assembly: MedicineManPlugin(typeof(…))] that names a type."
            : type.Assembly != assembly ? $"The type {type.FullName} does not live in {assembly.GetName().Name}."
            : !typeof(IPlugin).IsAssignableFrom(type) ? $"The type {type.FullName} is no IPlugin."
            : type.IsAbstract || type.GetConstructor(Type.EmptyTypes) is null ? $"The type {type.FullName} has no public constructor without parameters."
            : "";
        return reason.Length == 0 ? (IPlugin)Activator.CreateInstance(type!)! : null;
    }

    public void Dispose() => loader.Dispose();

    private static HashSet<string> SharedNames()
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var open = new Stack<AssemblyName>(Roots.Select(root => root.Assembly.GetName()));
        while (open.TryPop(out var next))
        {
            if (names.Add(next.Name!))
            {
                Array.ForEach(AssemblyLoadContext.Default.LoadFromAssemblyName(next).GetReferencedAssemblies(), open.Push);
            }
        }

        return names;
    }
}
