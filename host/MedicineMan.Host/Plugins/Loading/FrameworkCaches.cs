using System.Reflection;
using System.Reflection.Metadata;
using System.Runtime.Loader;

namespace MedicineMan.Host.Plugins.Loading;

/// The framework keeps types in caches of its own (System.Text.Json above all), and a cached type pins its plugin's code. Hot reload has
/// them emptied through these handlers; a retired plugin needs the same. They fill again by themselves.
internal static class FrameworkCaches
{
    public static void Flush(Action<Exception> failed)
    {
        foreach (var handler in AssemblyLoadContext.Default.Assemblies.SelectMany(assembly => assembly.GetCustomAttributes<MetadataUpdateHandlerAttribute>()))
        {
            try
            {
                handler.HandlerType.GetMethod("ClearCache", BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic, [typeof(Type[])])?.Invoke(null, [null]);
            }
            catch (Exception exception)
            {
                failed(exception);
            }
        }
    }
}
