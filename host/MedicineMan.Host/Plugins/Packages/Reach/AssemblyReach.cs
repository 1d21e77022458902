using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace MedicineMan.Host.Plugins.Packages.Reach;

/// One call past the host.
/// <param name="Place">Type and method as its author wrote them.</param>
/// <param name="Calls">What is called there.</param>
internal sealed record Reached(string Place, string Calls, ReachRule Rule);

/// Reads what the methods of one assembly refer to. Nothing is loaded: the file is only looked at.
internal sealed class AssemblyReach
{
    private readonly MetadataReader metadata;
    private readonly Dictionary<int, (string Calls, ReachRule Rule)> members = [];
    private readonly List<Reached> found = [];

    private AssemblyReach(PEReader file)
    {
        metadata = file.GetMetadataReader();
        foreach (var handle in metadata.MemberReferences)
        {
            if (Judge(metadata.GetMemberReference(handle)) is { } reached)
            {
                members[MetadataTokens.GetToken(handle)] = reached;
            }
        }

        foreach (var handle in metadata.MethodDefinitions)
        {
            Look(file, metadata.GetMethodDefinition(handle));
        }
    }

    /// Null when it is no managed assembly.
    /// <exception cref="BadImageFormatException">It is none at all, or damaged.</exception>
    public static IReadOnlyList<Reached>? Read(Stream assembly)
    {
        using var file = new PEReader(assembly);
        return file.HasMetadata ? [.. new AssemblyReach(file).found.Distinct().OrderBy(one => one.Place, StringComparer.Ordinal)] : null;
    }

    private void Look(PEReader file, MethodDefinition method)
    {
        if (method.Attributes.HasFlag(MethodAttributes.PinvokeImpl))
        {
            var library = metadata.GetModuleReference(method.GetImport().Module);
            found.Add(new Reached(Place(method), $"the native library {metadata.GetString(library.Name)}", ReachRules.Native));
        }
        else if (method.RelativeVirtualAddress != 0 && members.Count > 0)
        {
            var place = new Lazy<string>(() => Place(method));
            foreach (var token in Instructions.Tokens(file.GetMethodBody(method.RelativeVirtualAddress).GetILReader()))
            {
                if (members.TryGetValue(Unwrap(token), out var member))
                {
                    found.Add(new Reached(place.Value, member.Calls, member.Rule));
                }
            }
        }
    }

    // A generic method is named by what was put into it.
    private int Unwrap(int token) =>
        MetadataTokens.EntityHandle(token) is { Kind: HandleKind.MethodSpecification } handle
            ? MetadataTokens.GetToken(metadata.GetMethodSpecification((MethodSpecificationHandle)handle).Method)
            : token;

    private (string, ReachRule)? Judge(MemberReference member)
    {
        if (member.Parent.Kind != HandleKind.TypeReference)
        {
            return null;
        }

        var type = metadata.GetTypeReference((TypeReferenceHandle)member.Parent);
        var (name, method) = ($"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}", metadata.GetString(member.Name));
        var rule = ReachRules.Find(name, method) ?? (OpensByName(member) ? ReachRules.FindNamed(name, method) : null);
        return rule is null ? null : (method == ".ctor" ? $"new {name}" : $"{name}.{method}", rule);
    }

    private bool OpensByName(MemberReference member)
    {
        // Header, number of parameters, what is returned, then the first parameter (ECMA-335 II.23.2.1).
        var signature = metadata.GetBlobReader(member.Signature);
        return signature.Length > 3 && signature.ReadSignatureHeader().IsInstance && signature.ReadCompressedInteger() > 0
            && signature.ReadSignatureTypeCode() == SignatureTypeCode.Void && signature.ReadSignatureTypeCode() == SignatureTypeCode.String;
    }

    /// The compiler moves async methods, iterators and lambdas into types and methods of its own, with the author's name between angle brackets.
    private string Place(MethodDefinition method)
    {
        var name = Written(metadata.GetString(method.Name));
        var type = metadata.GetTypeDefinition(method.GetDeclaringType());
        for (; metadata.GetString(type.Name) is ['<', ..] made && !type.GetDeclaringType().IsNil; type = metadata.GetTypeDefinition(type.GetDeclaringType()))
        {
            name = Written(made) is { Length: > 0 } author ? author : name;
        }

        return $"{Written(metadata.GetString(type.Name))}.{name}";
    }

    private static string Written(string name) => name is ['<', .. var rest] && rest.IndexOf('>', StringComparison.Ordinal) is >= 0 and var end ? rest[..end] : name;
}
