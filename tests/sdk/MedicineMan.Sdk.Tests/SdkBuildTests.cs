using MedicineMan.Sdk.Tests.Templates;
using MedicineMan.Testbed;

namespace MedicineMan.Sdk.Tests;

/// The SDK's own build, tried on a copy: what would surprise authors does not build.
public sealed class SdkBuildTests : IDisposable
{
    private readonly TemporaryFolder folder = new("sdk");

    public void Dispose() => folder.Dispose();

    [SkippableFact]
    public void A_public_member_without_words_or_outside_the_public_lists_does_not_build_and_a_minor_version_keeps_the_assembly_version()
    {
        foreach (var file in (string[])["Directory.Build.props", "Directory.Packages.props", "global.json", ".editorconfig"])
        {
            File.Copy(SourceTree.At(file), folder[file]);
        }

        var sdk = Directory.CreateDirectory(folder["sdk/MedicineMan.Sdk"]).FullName;
        foreach (var file in Directory.EnumerateFiles(SourceTree.At("sdk/MedicineMan.Sdk"), "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(sdk, Path.GetRelativePath(SourceTree.At("sdk/MedicineMan.Sdk"), file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        File.WriteAllText(Path.Combine(sdk, "Slip.cs"), "namespace MedicineMan.Sdk;\n\npublic static class Slip\n{\n    /// <summary>Told, but not listed.</summary>\n    public const int Told = 1;\n\n    public const int Silent = 2;\n}\n");
        File.AppendAllText(Path.Combine(sdk, "PublicAPI.Shipped.txt"), "MedicineMan.Sdk.Gone\n");

        var (code, output, error) = DotNet("build", sdk, "-v", "quiet", "-nodeReuse:false", "-p:UseSharedCompilation=false");

        Assert.NotEqual(0, code);
        Assert.Contains("error CS1591: Missing XML comment for publicly visible type or member 'Slip.Silent'", output, StringComparison.Ordinal);
        Assert.Contains("error RS0016: Symbol 'const MedicineMan.Sdk.Slip.Told = 1 -> int' is not part of the declared public API", output, StringComparison.Ordinal);
        Assert.Contains("error RS0017: Symbol 'MedicineMan.Sdk.Gone' is part of the declared API, but is either not public or could not be found", output, StringComparison.Ordinal);
        Assert.DoesNotContain(output.Split('\n'), line => line.Contains(": error", StringComparison.Ordinal) && !line.Contains("Slip", StringComparison.Ordinal) && !line.Contains("Sdk.Gone", StringComparison.Ordinal));
        Assert.Equal("1.0.0.0", DotNet("msbuild", sdk, "-getProperty:AssemblyVersion", "-p:Version=1.7.3").Output.Trim());
        Assert.True(error.Length == 0, error);
    }

    private static (int Code, string Output, string Error) DotNet(params string[] arguments) => Programs.TryRun(
        Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path : Programs.Require("dotnet"), arguments, environment: new Dictionary<string, string> { ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1", ["DOTNET_NOLOGO"] = "1" });
}
