using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using MedicineMan.Host.Plugins.Loading;

namespace MedicineMan.Host.Plugins.Memory;

/// Weighs one version of a plugin. Nothing of it is held afterwards.
internal static class Scales
{
    private const int MostObjects = 500_000;
    private const int Samples = 4096;
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(2);

    /// <returns>Null when it is gone.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static MemoryEstimate? Weigh(LoadedPlugin plugin, TimeProvider clock)
    {
        if (plugin.Collected?.Target is not AssemblyLoadContext context)
        {
            return null;
        }

        Assembly[] code = [.. context.Assemblies];
        var walk = new MemoryWalk(context, new MemoryBounds(MostObjects, Samples, Most, clock));
        var (kept, isWhole) = walk.Weigh([.. plugin.Roots(), .. code.SelectMany(Types).SelectMany(Statics)]);
        return new MemoryEstimate(kept, code.Sum(Length), isWhole, clock.GetUtcNow());
    }

    private static long Length(Assembly assembly) => assembly.Location is { Length: > 0 } file && File.Exists(file) ? new FileInfo(file).Length : 0;

    private static IEnumerable<Type> Types(Assembly assembly)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException partly)
        {
            return partly.Types.OfType<Type>();
        }
    }

    /// What stands in the static fields of a type. One that was not used yet is thereby initialised, as the runtime may do at any time.
    private static IEnumerable<object> Statics(Type type) => type.ContainsGenericParameters ? [] :
        type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            .Where(field => field is { IsLiteral: false, FieldType: { IsPrimitive: false, IsEnum: false, IsPointer: false, IsByRefLike: false, IsFunctionPointer: false } }).Select(Value).OfType<object>();

    private static object? Value(FieldInfo field)
    {
        try
        {
            return field.GetValue(null);
        }
        catch (Exception broken) when (broken is TypeInitializationException or TargetInvocationException or NotSupportedException)
        {
            // Its type can't be initialised, so it keeps nothing.
            return null;
        }
    }
}
