using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace MedicineMan.Host.Plugins.Manifests.Binding;

/// What the SDK of this host has, by the names that other assemblies know it under.
internal sealed class SdkSurface
{
    private readonly Assembly assembly;
    private readonly HashSet<string> types = new(StringComparer.Ordinal);
    private readonly HashSet<SdkUse> members = [];

    private SdkSurface(Assembly assembly) => this.assembly = assembly;

    public static SdkSurface Read(Assembly sdk)
    {
        var surface = new SdkSurface(sdk);
        using var image = new PEReader(File.OpenRead(sdk.Location));
        var code = image.GetMetadataReader();
        foreach (var handle in code.TypeDefinitions)
        {
            var (type, name) = (code.GetTypeDefinition(handle), SignatureText.Instance.GetTypeFromDefinition(code, handle, 0));
            surface.types.Add(name);
            surface.members.UnionWith(type.GetMethods().Select(code.GetMethodDefinition)
                .Select(method => new SdkUse(name, code.GetString(method.Name), SignatureText.Of(method.DecodeSignature(SignatureText.Instance, null)))));
            surface.members.UnionWith(type.GetFields().Select(code.GetFieldDefinition).Select(field => new SdkUse(name, code.GetString(field.Name), field.DecodeSignature(SignatureText.Instance, null))));
        }

        return surface;
    }

    public bool Has(SdkUse use) => use.Member.Length == 0 ? types.Contains(use.Type) : types.Contains(use.Type) && (members.Contains(use) || IsInherited(use));

    // Only what stands in this type itself can have been changed by another SDK: a type it derives from is named by its own name, or is the framework's.
    private bool IsInherited(SdkUse use) => assembly.GetType(use.Type.Replace('/', '+')) is { } type
        && type.GetMember(use.Member, BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.FlattenHierarchy).Any(member => member.DeclaringType != type);
}
