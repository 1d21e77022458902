using System.Reflection.Metadata;
using System.Runtime.CompilerServices;

namespace MedicineMan.Host.Plugins.Manifests.Binding;

/// A type of the SDK that some code names, or a member of one.
/// <param name="Signature">Empty for the type itself.</param>
internal sealed record SdkUse(string Type, string Member, string Signature)
{
    public override string ToString() => Member.Length == 0 ? Type : $"{Type}.{Member}";
}

/// All that an assembly names of the SDK.
internal static class SdkUses
{
    // A stranger's file: a signature nested without end would take the stack, and no compiler writes one so long.
    private const int LongestSignature = 4096;

    public static IEnumerable<SdkUse> Of(MetadataReader code)
    {
        var types = code.TypeReferences.Where(type => IsSdk(code, type)).Select(type => SignatureText.Instance.GetTypeFromReference(code, type, 0)).ToHashSet(StringComparer.Ordinal);
        return [.. types.Select(type => new SdkUse(type, "", "")), .. code.MemberReferences.Select(handle => Use(code, code.GetMemberReference(handle))).OfType<SdkUse>().Where(use => types.Contains(use.Type))];
    }

    private static SdkUse? Use(MetadataReader code, MemberReference member)
    {
        if (code.GetBlobReader(member.Signature).Length > LongestSignature)
        {
            throw new BadImageFormatException($"A signature has more than {LongestSignature} bytes.");
        }

        var parent = member.Parent.Kind switch
        {
            HandleKind.TypeReference => SignatureText.Instance.GetTypeFromReference(code, (TypeReferenceHandle)member.Parent, 0),
            HandleKind.TypeSpecification => SignatureText.Instance.GetTypeFromSpecification(code, null, (TypeSpecificationHandle)member.Parent, 0).Split('<')[0],
            _ => null,
        };
        return parent is null ? null : new SdkUse(parent, code.GetString(member.Name), member.GetKind() == MemberReferenceKind.Method
            ? SignatureText.Of(member.DecodeMethodSignature(SignatureText.Instance, null))
            : member.DecodeFieldSignature(SignatureText.Instance, null));
    }

    private static bool IsSdk(MetadataReader code, TypeReferenceHandle handle)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var scope = code.GetTypeReference(handle).ResolutionScope;
        return scope.Kind switch
        {
            HandleKind.TypeReference => IsSdk(code, (TypeReferenceHandle)scope),
            HandleKind.AssemblyReference => code.StringComparer.Equals(code.GetAssemblyReference((AssemblyReferenceHandle)scope).Name, "MedicineMan.Sdk"),
            _ => false,
        };
    }
}
