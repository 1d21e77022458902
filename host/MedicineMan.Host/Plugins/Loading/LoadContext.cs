using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using McMaster.NETCore.Plugins.Loader;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Plugins.Loading;

/// The assembly load context of one plugin version: the only place that knows the loading library. It parts versions and dependencies; it is
/// no sandbox.
internal sealed class LoadContext : IDisposable
{
    private static readonly Type[] Roots = [typeof(IPlugin), typeof(IServiceCollection), typeof(ILogger), typeof(IEndpointRouteBuilder)];

    // Sharing an assembly means sharing all it references, so the four roots bring the whole of ASP.NET Core. Walked once: the answer is the same
    // for every plugin.
    private static readonly Lazy<HashSet<string>> Shared = new(SharedNames);

    private readonly string file;
    private AssemblyLoadContext? context;

    private LoadContext(string file, AssemblyLoadContext context)
    {
        (this.file, this.context) = (file, context);
        Collected = new WeakReference(context);
    }

    /// Dead once nothing of the plugin is held any more. The list of load contexts does not tell: unloading takes a context off it at once.
    public WeakReference Collected { get; }

    public static LoadContext Open(string file, bool unloads)
    {
        // The library's builder and not its PluginLoader, which reads the host's own runtime files anew for every plugin.
        var builder = new AssemblyLoadContextBuilder().SetMainAssemblyPath(file).SetDefaultContext(AssemblyLoadContext.Default).IsLazyLoaded(true);
        if (unloads)
        {
            builder.EnableUnloading();
        }

        Array.ForEach(Roots, root => builder.PreferDefaultLoadContextAssembly(root.Assembly.GetName()));
        // What is not in its folder comes from the host anyhow; what is, and is shared, has to be named. Most have nothing else there, and nothing need be walked.
        foreach (var name in Directory.EnumerateFiles(Path.GetDirectoryName(file)!, "*.dll").Where(other => other != file).Select(Path.GetFileNameWithoutExtension).Where(name => Shared.Value.Contains(name!)))
        {
            builder.PreferDefaultLoadContextAssembly(new AssemblyName(name!));
        }

        return new LoadContext(file, builder.Build());
    }

    /// Constructs the type that the assembly's attribute names. No other type is looked at.
    /// <returns>Null, with the reason, when there is no such type.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public IPlugin? Entry(out string reason)
    {
        var assembly = context!.LoadFromAssemblyPath(file);
        var type = assembly.GetCustomAttribute<MedicineManPluginAttribute>()?.PluginType;
        reason = type is null ? $"{assembly.GetName().Name} has no [assembly: MedicineManPlugin(typeof(…))] that names a type."
            : type.Assembly != assembly ? $"The type {type.FullName} does not live in {assembly.GetName().Name}."
            : !typeof(IPlugin).IsAssignableFrom(type) ? $"The type {type.FullName} is no IPlugin."
            : type.IsAbstract || type.GetConstructor(Type.EmptyTypes) is null ? $"The type {type.FullName} has no public constructor without parameters."
            : "";
        return reason.Length == 0 ? (IPlugin)Activator.CreateInstance(type!)! : null;
    }

    public void Dispose()
    {
        if (context is { IsCollectible: true })
        {
            context.Unload();
        }

        context = null;
    }

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
