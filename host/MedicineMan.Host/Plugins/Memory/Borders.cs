using System.Buffers;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using System.Text;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Plugins.Memory;

/// What may be a plugin's to keep: objects of its own types, and plain ones of the framework and the SDK that hold no part of the host.
internal sealed class Borders(AssemblyLoadContext own)
{
    // Each leads out of the plugin: to the process, to whoever waits, or to what all share.
    private static readonly Type[] Outside =
    [
        typeof(MemberInfo), typeof(Assembly), typeof(Module), typeof(ParameterInfo), typeof(AssemblyLoadContext), typeof(Thread), typeof(SynchronizationContext), typeof(TaskScheduler),
        typeof(ExecutionContext), typeof(CancellationTokenSource), typeof(System.Threading.Timer), typeof(TimeProvider), typeof(ArrayPool<byte>), typeof(ArrayPool<char>), typeof(CultureInfo),
        typeof(Encoding), typeof(System.Diagnostics.Activity), typeof(System.Security.Principal.IPrincipal), typeof(WeakReference), typeof(AppDomain),
    ];

    private readonly Dictionary<Type, bool> known = [];

    public bool IsInside(object found)
    {
        var type = found.GetType();
        return known.TryGetValue(type, out var inside) ? inside : known[type] = IsInside(type);
    }

    private bool IsInside(Type type)
    {
        // Whoever declared its type: it only leads to its target, which is asked in its turn.
        if (type.IsAssignableTo(typeof(Delegate)))
        {
            return true;
        }

        if (type.IsArray)
        {
            var element = type.GetElementType()!;
            return element.IsInterface || element.IsPointer || IsInside(element);
        }

        return Array.TrueForAll(Outside, outside => !outside.IsAssignableFrom(type)) && (IsOwn(type.Assembly) || IsWrapping(type))
            && Array.TrueForAll(type.GenericTypeArguments, argument => argument.IsInterface || IsInside(argument) || Array.Exists(Outside, outside => outside.IsAssignableFrom(argument)));
    }

    // Routing wraps a handler into closures of its own; they lead to the plugin's.
    private static bool IsWrapping(Type type) =>
        type.Name.StartsWith("<>c", StringComparison.Ordinal) && type.Assembly.GetName().Name?.StartsWith("Microsoft.AspNetCore.", StringComparison.Ordinal) == true;

    private bool IsOwn(Assembly assembly)
    {
        if (AssemblyLoadContext.GetLoadContext(assembly) is { IsCollectible: true } context)
        {
            return context == own;
        }

        return assembly == typeof(IPlugin).Assembly || assembly == typeof(object).Assembly
            || assembly.GetName().Name is { } name && (name.StartsWith("System.", StringComparison.Ordinal) || name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal));
    }
}
