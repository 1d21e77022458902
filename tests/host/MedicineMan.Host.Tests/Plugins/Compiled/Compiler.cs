using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using MedicineMan.Sdk;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Plugins.Compiled;

/// The compiler of the .NET SDK that runs the tests, for plugins that no project could build: two versions of one assembly, another SDK.
internal static class Compiler
{
    private const string Usings = """
        using System; using System.Collections.Generic; using System.Linq; using System.Threading; using System.Threading.Tasks;
        using MedicineMan.Sdk; using MedicineMan.Sdk.Ui; using Microsoft.AspNetCore.Builder; using Microsoft.AspNetCore.Http; using Microsoft.AspNetCore.Routing; using Microsoft.Extensions.DependencyInjection;

        """;

    private static readonly string Framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;

    private static readonly string Root = Path.GetFullPath(Path.Combine(Framework, "../../.."));

    private static readonly Lazy<string> Csc = new(() => Directory.EnumerateDirectories(Path.Combine(Root, "sdk"))
        .Select(sdk => Path.Combine(sdk, "Roslyn/bincore/csc.dll")).Where(File.Exists).Order(StringComparer.Ordinal).Last());

    public static string HostSdk { get; } = typeof(IPlugin).Assembly.Location;

    /// Compiles an assembly into a folder.
    /// <param name="sdk">The SDK to compile against; the host's when null.</param>
    public static string Compile(string folder, string name, string source, string version = "1.0.0.0", string? sdk = null, params string[] references)
    {
        Directory.CreateDirectory(folder);
        var (code, dll) = (Path.Combine(folder, $"{name}.cs"), Path.Combine(folder, $"{name}.dll"));
        File.WriteAllText(code, $"{Usings}[assembly: System.Reflection.AssemblyVersion(\"{version}\")]\n{source}");
        IEnumerable<string> referenced =
            [.. Assemblies(Framework), .. Assemblies(Path.GetDirectoryName(typeof(Microsoft.AspNetCore.Routing.IEndpointRouteBuilder).Assembly.Location)!), sdk ?? HostSdk, .. references];
        var answers = Path.Combine(folder, $"{name}.rsp");
        File.WriteAllLines(answers, ["-noconfig", "-nologo", "-nostdlib+", "-target:library", "-optimize+", "-nullable:enable", "-langversion:latest", $"-out:\"{dll}\"", .. referenced.Select(one => $"-r:\"{one}\""), $"\"{code}\""]);
        var (exit, output, error) = Programs.TryRun(Path.Combine(Root, "dotnet"), [Csc.Value, "-noconfig", $"@{answers}"]);
        Assert.True(exit == 0, output + error);
        File.Delete(code);
        File.Delete(answers);
        return dll;
    }

    /// The SDK as if it were of another version: the same file, but for the number in its metadata.
    public static string Renumbered(string folder, Version version, string? sdk = null)
    {
        Directory.CreateDirectory(folder);
        var image = File.ReadAllBytes(sdk ?? HostSdk);
        int at;
        using (var file = new PEReader(new MemoryStream(image)))
        {
            // The row of the assembly: the algorithm of its hash, then the four numbers.
            at = file.PEHeaders.MetadataStartOffset + file.GetMetadataReader().GetTableMetadataOffset(TableIndex.Assembly) + sizeof(uint);
        }

        foreach (var number in (int[])[version.Major, version.Minor, version.Build, version.Revision])
        {
            BitConverter.TryWriteBytes(image.AsSpan(at), (ushort)number);
            at += sizeof(ushort);
        }

        var renumbered = Path.Combine(folder, Path.GetFileName(HostSdk));
        File.WriteAllBytes(renumbered, image);
        return renumbered;
    }

    private static IEnumerable<string> Assemblies(string folder) => Directory.EnumerateFiles(folder, "*.dll").Where(file =>
        Path.GetFileName(file) is var name && (name.StartsWith("System.", StringComparison.Ordinal) || name.StartsWith("Microsoft.AspNetCore.", StringComparison.Ordinal) || name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal)));
}
